// Rounding to NVFP4 on the host, by the exporter's and the deployed arithmetic. Knows nothing of gradients.

import Checkpoint
package import Compute
package import Numerics

extension HostBackend {
    package func nvfp4Form(
        of weight: Weight, globalScale: Float, arithmetic: NVFP4WeightScales
    ) -> Weight {
        let values = weight.floats()
        let blocks = values.count / NVFP4.blockSize
        var blockScales: [UInt8] = []
        var packed: [UInt8] = []
        blockScales.reserveCapacity(blocks)
        packed.reserveCapacity(values.count / 2)
        values.withUnsafeBufferPointer { values in
            guard let start = values.baseAddress else { return }
            for index in 0..<blocks {
                let block = NVFP4Block(start + index * NVFP4.blockSize)
                let scale = arithmetic.blockScale(largest: block.largest, globalScale: globalScale)
                let codes = block.packed(step: scale.float * globalScale)
                blockScales.append(scale.bits)
                for byte in codes.indices { packed.append(codes[byte]) }
            }
        }
        return Weight(
            name: weight.name, outputs: weight.outputs, inputs: weight.inputs,
            format: .nvfp4(
                packed: TensorView(copying: packed, dtype: .u8, shape: [weight.outputs, weight.inputs / 2]),
                blockScales: TensorView(
                    copying: blockScales, dtype: .f8e4m3,
                    shape: [weight.outputs, weight.inputs / NVFP4.blockSize]),
                globalScale: globalScale, inputScale: nil),
            bias: weight.bias)
    }

    package func roundedToNVFP4(_ x: Tensor, inputScale: Float) -> Tensor {
        let result = Tensor.uninitialized(x.shape)
        let (from, to, columns) = (x.pointer, result.pointer, x.columns)
        // Sendable: each row is written by one call.
        nonisolated(unsafe) let (source, target) = (from, to)
        forEach(x.rows) { row in
            for start in stride(from: row * columns, to: (row + 1) * columns, by: NVFP4.blockSize) {
                let values = UnsafeBufferPointer(start: source + start, count: NVFP4.blockSize)
                let block = NVFP4.quantizeActivation(Array(values)[...], inputScale: inputScale)
                let step = block.scale.float * inputScale
                for (offset, code) in block.codes.enumerated() {
                    target[start + offset] = E2M1(code: code).float * step
                }
            }
        }
        return result
    }
}
