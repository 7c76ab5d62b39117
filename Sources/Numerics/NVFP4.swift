// NVFP4: e2m1 codes in blocks of 16 along the input axis, one e4m3 scale a block, one float32 scale a tensor.
// Sources: NVIDIA Model Optimizer's exported layout (weights), vLLM's reference quantiser (activations).

/// The arithmetic of NVFP4 that quantiser, trainer, kernels' tests and Reference backend share.
package enum NVFP4 {
    /// Consecutive elements of the input axis that share one block scale.
    package static let blockSize = 16

    /// One activation block after quantisation: value = code * scale * inputScale.
    package struct ActivationBlock: Sendable {
        /// e2m1 codes, one in each byte.
        package var codes: [UInt8]
        package var scale: E4M3
    }

    /// Dequantises a packed weight row.
    /// - Parameters:
    ///   - packed: K/2 bytes; the low nibble of byte j is element 2j.
    ///   - scales: K/16 e4m3 block scales.
    ///   - globalScale: `weight_scale_2`.
    /// - Returns: K values `e2m1 * (e4m3 * weight_scale_2)`, each product rounded once to float32.
    package static func dequantize(
        packed: some RandomAccessCollection<UInt8>, scales: some RandomAccessCollection<UInt8>, globalScale: Float
    ) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(packed.count * 2)
        var block = scales.startIndex
        var scale: Float = 0
        for (index, byte) in packed.enumerated() {
            if index % (blockSize / 2) == 0 {
                scale = E4M3(bits: scales[block]).float * globalScale
                block = scales.index(after: block)
            }
            result.append(E2M1(code: byte & 0xF).float * scale)
            result.append(E2M1(code: byte >> 4).float * scale)
        }
        return result
    }

    /// Quantises sixteen activations as a Blackwell tensor core's input is quantised: a dynamic e4m3 scale for the
    /// block under the calibrated per-tensor `inputScale`. Blocks beyond the calibrated range saturate at 6 * 448.
    package static func quantizeActivation(_ block: ArraySlice<Float>, inputScale: Float) -> ActivationBlock {
        let inverse = 1 / inputScale
        var largest: Float = 0
        for value in block { largest = max(largest, value.magnitude) }
        let scale = E4M3(saturating: inverse * (largest * (1 / E2M1.largest)))
        let step = scale.float * (1 / inverse)
        let reciprocal: Float = step == 0 ? 0 : 1 / step
        let codes = block.map { E2M1(saturating: $0 * reciprocal).code }
        return ActivationBlock(codes: codes, scale: scale)
    }
}
