// The formats in which a weight matrix can lie in a file. Knows bytes and scales, not names or kernels.

/// A weight matrix `[outputs, inputs]` as stored, used where it is mapped.
package enum StoredMatrix: Sendable {
    /// bf16, f16 or f32 elements `[outputs, inputs]`.
    case dense(TensorView)
    /// e4m3 elements `[outputs, inputs]` times one float32 scale; `inputScale` is calibration data that weight-only
    /// arithmetic ignores.
    case fp8(TensorView, scale: Float, inputScale: Float?)
    /// Packed e2m1 `[outputs, inputs/2]` (low nibble = even input), e4m3 block scales `[outputs, inputs/16]`, the
    /// float32 scale of the tensor and of its inputs in ModelOpt's sense: largest magnitude / 2688.
    case nvfp4(packed: TensorView, blockScales: TensorView, globalScale: Float, inputScale: Float?)

    /// What a card or a message calls the format.
    package var formatName: String {
        switch self {
        case .dense(let view): view.dtype.rawValue
        case .fp8: "FP8"
        case .nvfp4: "NVFP4"
        }
    }

    /// Bytes a product must read: elements and block scales.
    package var byteCount: Int {
        switch self {
        case .dense(let view), .fp8(let view, _, _): view.bytes.count
        case .nvfp4(let packed, let scales, _, _): packed.bytes.count + scales.bytes.count
        }
    }
}
