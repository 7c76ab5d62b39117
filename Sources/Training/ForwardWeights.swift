// How parameters enter the forward pass: as they are, or rounded to a narrower format. Knows nothing of gradients.

import Checkpoint
package import Compute
package import Numerics

/// Rounded forms of weights and of their inputs. Gradients pass through the rounding unchanged (identity
/// straight-through).
package struct ForwardWeights: Sendable {
    private var forms: [ObjectIdentifier: Weight] = [:]
    private var inputScales: [ObjectIdentifier: Float] = [:]

    /// Every weight as it is.
    package init() {}

    /// Rounds weights to bf16, so that a backend multiplies them in bf16 with float32 sums.
    package init(roundingToBFloat16 weights: [Weight]) {
        for weight in weights {
            let elements = weight.floats().map { BFloat16($0).bits }
            forms[ObjectIdentifier(weight)] = Weight(
                name: weight.name, outputs: weight.outputs, inputs: weight.inputs,
                format: .dense(TensorView(copying: elements, dtype: .bf16, shape: [weight.outputs, weight.inputs])),
                bias: weight.bias)
        }
    }

    /// Frozen scales of a linear layer in NVFP4: `weight_scale_2`, and `input_scale` when its inputs are quantised too.
    package struct Scales: Sendable, Hashable {
        package let global: Float
        package let input: Float?

        package init(global: Float, input: Float?) {
            self.global = global
            self.input = input
        }
    }

    /// Rounds weights to NVFP4 by the exporter's arithmetic: block scales follow the weights by the max rule, the
    /// scales of the tensors stay. Biases are not rounded. The backend's precision must be f32: inputs are rounded here.
    /// - Parameter layers: weights with a multiple of 16 inputs.
    package init(
        quantizing layers: [(weight: Weight, scales: Scales)],
        arithmetic: NVFP4WeightScales = NVFP4WeightScales(division: .cpu)
    ) throws(TrainingError) {
        for (weight, scales) in layers {
            guard weight.inputs % NVFP4.blockSize == 0 else {
                throw .shape(
                    what: weight.name, found: [weight.outputs, weight.inputs],
                    expected: "inputs in blocks of \(NVFP4.blockSize)")
            }
            for scale in [scales.global, scales.input ?? 1] where !(scale > 0 && scale.isFinite) {
                throw .scale(layer: weight.name, found: scale)
            }
            let node = ObjectIdentifier(weight)
            forms[node] = Self.quantized(weight, globalScale: scales.global, arithmetic)
            inputScales[node] = scales.input
        }
    }

    private static func quantized(
        _ weight: Weight, globalScale: Float, _ arithmetic: NVFP4WeightScales
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

    /// What the layer multiplies: x itself, or x rounded to NVFP4 under the layer's `input_scale`.
    package func input(_ x: Tensor, of parameter: Weight) -> Tensor {
        guard let inputScale = inputScales[ObjectIdentifier(parameter)], x.columns % NVFP4.blockSize == 0 else {
            return x
        }
        let values = x.array()
        var rounded: [Float] = []
        rounded.reserveCapacity(values.count)
        for start in stride(from: 0, to: values.count, by: NVFP4.blockSize) {
            let block = NVFP4.quantizeActivation(values[start..<start + NVFP4.blockSize], inputScale: inputScale)
            let step = block.scale.float * inputScale
            for code in block.codes { rounded.append(E2M1(code: code).float * step) }
        }
        return Tensor(rounded, shape: x.shape)
    }

    /// What stands in for a parameter in the forward pass.
    package func weight(of parameter: Weight) -> Weight { forms[ObjectIdentifier(parameter)] ?? parameter }
}
