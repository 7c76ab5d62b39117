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
            let values = weight.parameter ?? Tensor(weight.floats(), shape: [weight.outputs, weight.inputs])
            let elements = withExtendedLifetime(values.storage) { BFloat16.bits(of: values.values) }
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
        arithmetic: NVFP4WeightScales = NVFP4WeightScales(division: .cpu), on backend: any DifferentiableBackend
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
            forms[node] = try TrainingError.computing { () throws(ComputeError) in
                try backend.nvfp4Form(of: weight, globalScale: scales.global, arithmetic: arithmetic)
            }
            inputScales[node] = scales.input
        }
    }

    /// What the layer multiplies: x itself, or x rounded to NVFP4 under the layer's `input_scale`.
    package func input(
        _ x: Tensor, of parameter: Weight, on backend: any DifferentiableBackend
    ) throws(ComputeError) -> Tensor {
        guard let inputScale = inputScales[ObjectIdentifier(parameter)], x.columns % NVFP4.blockSize == 0 else {
            return x
        }
        return try backend.roundedToNVFP4(x, inputScale: inputScale)
    }

    /// What stands in for a parameter in the forward pass.
    package func weight(of parameter: Weight) -> Weight { forms[ObjectIdentifier(parameter)] ?? parameter }
}
