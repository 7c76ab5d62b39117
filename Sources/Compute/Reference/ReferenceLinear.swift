// Linear layers by definition: weights widened or dequantised, activations rounded as the precision says.

import Checkpoint
import Numerics

extension ReferenceBackend {
    package func embed(_ ids: [Int32], table: Weight) throws(ComputeError) -> Tensor {
        let values = widened(table)
        let rows = ids.flatMap { values[Int($0) * table.inputs..<(Int($0) + 1) * table.inputs] }
        return Tensor(rows, shape: [ids.count, table.inputs])
    }

    package func linear(_ x: Tensor, _ weights: [Weight]) throws(ComputeError) -> [Tensor] {
        var results: [Tensor] = []
        for weight in weights {
            guard x.columns == weight.inputs else {
                throw .shape(
                    operation: "linear", weight: weight.name, found: x.shape, expected: "[rows, \(weight.inputs)]")
            }
            results.append(product(try activations(x.array(), for: weight), rows: x.rows, weight))
        }
        return results
    }

    /// What the layer multiplies: x rounded as the precision and the weight's format ask.
    private func activations(_ x: [Float], for weight: Weight) throws(ComputeError) -> [Float] {
        let blocks = stride(from: 0, to: x.count, by: NVFP4.blockSize).lazy.map { x[$0..<$0 + NVFP4.blockSize] }
        switch (precision, weight.format) {
        case (.f32, _):
            return x
        case (_, .dense(let view)) where view.dtype != .bf16:
            return x  // f16 and f32 weights are not exact in bf16, so their layers stay in float32
        case (.w4a4, .nvfp4(_, _, _, let inputScale)):
            guard let inputScale else {
                throw .unsupported(
                    operation: "w4a4 for \(weight.name)", reason: "the checkpoint has no input_scale; use w4a16 or w4a8"
                )
            }
            return blocks.flatMap { block in
                let quantized = NVFP4.quantizeActivation(block, inputScale: inputScale)
                return quantized.codes.map { E2M1(code: $0).float * (quantized.scale.float * inputScale) }
            }
        case (.w4a8, .nvfp4):
            return blocks.flatMap { block in
                let quantized = Int8Block(quantizing: block)
                return quantized.codes.map { Float($0) * quantized.scale }
            }
        case (.w4a16, _), (.w4a8, _), (.w4a4, _):
            return x.map { BFloat16($0).float }
        }
    }

    private func product(_ x: [Float], rows: Int, _ weight: Weight) -> Tensor {
        let values = widened(weight)
        let bias = weight.bias?.array()
        var result: [Float] = []
        result.reserveCapacity(rows * weight.outputs)
        for row in 0..<rows {
            for output in 0..<weight.outputs {
                var sum = 0.0
                let (a, b) = (row * weight.inputs, output * weight.inputs)
                for k in 0..<weight.inputs { sum += Double(x[a + k]) * Double(values[b + k]) }
                result.append(Float(sum) + (bias?[output] ?? 0))
            }
        }
        return Tensor(result, shape: [rows, weight.outputs])
    }

    /// The weight's elements as float32, row-major.
    private func widened(_ weight: Weight) -> [Float] {
        switch weight.format {
        case .dense(let view):
            return view.floats() ?? []
        case .fp8(let view, let scale, _):
            return (view.floats() ?? []).map { $0 * scale }
        case .nvfp4(let packed, let blockScales, let globalScale, _):
            return NVFP4.dequantize(packed: packed.bytes, scales: blockScales.bytes, globalScale: globalScale)
        }
    }
}
