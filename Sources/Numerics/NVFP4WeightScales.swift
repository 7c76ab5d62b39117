// The scales of an NVFP4 weight as NVIDIA Model Optimizer computes them, to the last bit. Knows no files and no search.

/// The arithmetic that turns largest magnitudes into scales.
///
/// PyTorch on CUDA multiplies by the float32 reciprocal where a tensor is divided by a constant; on a CPU it divides.
/// The two differ by one unit in the last place for some inputs, which changes bytes of a checkpoint.
package struct NVFP4WeightScales: Sendable, Hashable {
    /// How a division by a constant is carried out.
    package enum Division: String, Sendable, CaseIterable {
        /// True division, as Model Optimizer on a CPU.
        case cpu
        /// Multiplication by the reciprocal, as Model Optimizer on CUDA.
        case cuda
    }

    /// The rule for a block's scale, which changed over Model Optimizer's releases.
    package enum Rule: Sendable, Hashable {
        /// Up to 0.33: two divisions one after the other.
        case sequential
        /// 0.35 to 0.44: block scales may round to zero, and the codes under them saturate.
        case unclamped
        /// From 0.45: block scales are kept within 2^-9 ... 448.
        case clamped
    }

    package var division: Division
    package var rule: Rule

    package init(division: Division, rule: Rule = .clamped) {
        self.division = division
        self.rule = rule
    }

    /// Smallest and largest positive e4m3 values.
    package static let smallestScale: Float = 0x1p-9
    package static let largestScale: Float = 448

    @usableFromInline func divide(_ value: Float, by constant: Float) -> Float {
        switch division {
        case .cpu: value / constant
        case .cuda: value * (1 / constant)
        }
    }

    /// `weight_scale_2`, and `input_scale` of activations.
    /// - Parameters:
    ///   - largest: largest magnitude of the tensor, or of all that share the scale.
    ///   - norm: the e4m3 value that the block with the largest magnitude gets: 448, or 256 to leave room above it.
    package func globalScale(largest: Float, norm: Float = largestScale) -> Float {
        rule == .sequential
            ? divide(divide(largest, by: E2M1.largest), by: norm) : divide(largest, by: E2M1.largest * norm)
    }

    /// The block scale of max calibration: the block's largest magnitude becomes 6. A block of zeros gets 1.
    @inlinable package func blockScale(largest: Float, globalScale: Float) -> E4M3 {
        let scale =
            rule == .sequential
            ? divide(largest, by: E2M1.largest) / globalScale : largest / (E2M1.largest * globalScale)
        guard scale != 0 else { return E4M3(saturating: 1) }
        return E4M3(saturating: rule == .clamped ? max(scale, Self.smallestScale) : scale)
    }

    /// The block scale of a block whose full range is set to `range` (its largest magnitude, or a multiple of it),
    /// under `norm`: Model Optimizer's static quantiser. A range of zero gets the scale of 6.
    @inlinable package func staticBlockScale(range: Float, tensorLargest: Float, norm: Float) -> E4M3 {
        var scale = divide(range, by: E2M1.largest)
        if scale == 0 { scale = 1 }
        let relative = (scale * norm) / divide(tensorLargest, by: E2M1.largest)
        return E4M3(saturating: max(relative, Self.smallestScale))
    }
}
