// The recipes of post-training quantisation by name, and what each must answer. Knows no files.

import Numerics

/// How the block scales of a weight are chosen. Every recipe gives a legal NVFP4 weight that any runtime reads.
package enum Recipe: String, Sendable, CaseIterable, Codable {
    /// The block's largest magnitude becomes 6.
    case max
    /// The e4m3 scale with the smallest squared error.
    case mse
    /// The largest magnitude becomes 6 or 4, whichever has the smaller squared error.
    case fourOverSix = "four-over-six"
    /// As `mse`, with room for scales above the tensor's own.
    case sweep256 = "sweep-256"

    /// The e4m3 scale of the block that holds the tensor's largest magnitude under max scaling.
    package var norm: Float {
        switch self {
        case .max, .mse: NVFP4WeightScales.largestScale
        case .fourOverSix, .sweep256: 256
        }
    }
}

/// A recipe at work on one tensor.
protocol BlockScaleRecipe: Sendable {
    /// The block's scale.
    func scale(of block: NVFP4Block) -> E4M3
}
