// The arithmetic of a run. Knows nothing of how a backend carries it out.

/// How linear layers multiply. Names follow the field: weights' bits, activations' bits.
package enum Precision: String, Sendable, CaseIterable {
    /// float32 activations against exactly widened weights, float32 key-value cache: the precision of the goldens.
    case f32
    /// bf16 activations against exact weights (NVFP4 and FP8 are exact in bf16 up to their per-tensor scale).
    case w4a16
    /// NVFP4 layers: activations quantised to int8 in blocks of 16. Other layers as w4a16.
    case w4a8
    /// NVFP4 layers: activations quantised to NVFP4 under the checkpoint's `input_scale`. Other layers as w4a16.
    case w4a4
}
