// The recipes of post-training quantisation by name, and what each must answer. Knows no files.

import Numerics

/// How a checkpoint is quantised. Every recipe gives legal NVFP4 weights that any runtime reads.
package enum Recipe: String, Sendable, CaseIterable, Codable {
    case max
    case mse
    case fourOverSix = "four-over-six"
    case sweep256 = "sweep-256"
    /// Rounding errors are fed back into the columns that are still to be rounded, weighed by calibration inputs.
    case gptq
    /// Input channels are scaled before rounding, by the alpha with the smallest output error on calibration inputs.
    case awqLite = "awq-lite"

    /// The rule for its block scales.
    package var scaleRule: ScaleRule {
        switch self {
        case .max, .gptq, .awqLite: .max
        case .mse: .mse
        case .fourOverSix: .fourOverSix
        case .sweep256: .sweep256
        }
    }

    /// Whether weights depend on what went into them: such a recipe goes through the model layer by layer.
    package var watchesInputs: Bool { self == .gptq || self == .awqLite }
}

/// How the scale of a block of weights is chosen.
package enum ScaleRule: String, Sendable, CaseIterable {
    /// The block's largest magnitude becomes 6.
    case max
    /// The e4m3 scale with the smallest squared error.
    case mse
    /// The largest magnitude becomes 6 or 4, whichever has the smaller squared error.
    case fourOverSix
    /// As `mse`, with room for scales above the tensor's own.
    case sweep256

    /// The e4m3 scale of the block that holds the tensor's largest magnitude under max scaling.
    package var norm: Float {
        switch self {
        case .max, .mse: NVFP4WeightScales.largestScale
        case .fourOverSix, .sweep256: 256
        }
    }
}

/// A scale rule at work on one tensor.
protocol BlockScaleRecipe: Sendable {
    /// The block's scale.
    func scale(of block: NVFP4Block) -> E4M3
}
