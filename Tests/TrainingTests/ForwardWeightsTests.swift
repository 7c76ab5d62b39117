import Checkpoint
import Compute
import Numerics
import TestSupport
import Testing
import Training

struct ForwardWeightsTests {
    /// BF16 weights under the scales of Model Optimizer's export of the same weights: its bytes.
    @Test func quantisedFormsHaveTheExportersBytes() throws {
        let (plain, exported) = (try tinyFolder(), try CheckpointFolder(at: Goldens.checkpoint("nvfp4")))
        let model = try TrainableModel(plain, try Parameters(of: plain))
        var compared = 0
        for weight in model.weights where weight.name.contains("_proj") {
            let stored = try exported.matrix(weight.name, outputs: weight.outputs, inputs: weight.inputs)
            guard case .nvfp4(let packed, let scales, let global, let input) = stored else { continue }
            let forward = try ForwardWeights(
                quantizing: [(weight, .init(global: global, input: input))],
                arithmetic: NVFP4WeightScales(division: .cpu, rule: .unclamped), on: ReferenceBackend())
            guard case .nvfp4(let codes, let blockScales, _, _) = forward.weight(of: weight).format else {
                Issue.record("\(weight.name) is not quantised")
                continue
            }
            #expect(codes.bytes.elementsEqual(packed.bytes), "\(weight.name)")
            #expect(blockScales.bytes.elementsEqual(scales.bytes), "\(weight.name)")
            compared += 1
        }
        #expect(compared == 14)
    }

    /// dX = dY Q(W) and dW = dY^T Q(X): the rounding itself has gradient 1.
    @Test func gradientsPassStraightThrough() throws {
        var numbers = Numbers(21)
        let (values, x, seed) = (numbers.tensor([5, 32]), numbers.tensor([3, 32]), numbers.tensor([3, 5]))
        let layer = weight(values)
        let forward = try ForwardWeights(
            quantizing: [(layer, .init(global: 1.5 / 2688, input: 1.0 / 2688))], on: ReferenceBackend())
        let backend = ReferenceBackend()
        let autodiff = Autodiff(backend, parameters: [ObjectIdentifier(layer), x.node], forward: forward)
        let y = try autodiff.linear(x, [layer])[0]
        let (form, input) = (forward.weight(of: layer), try forward.input(x, of: layer, on: ReferenceBackend()))
        #expect(y.array() == (try backend.linear(input, [form])[0]).array())
        #expect(form.floats() != values.array() && input.array() != x.array())
        let gradients = try autodiff.gradients(of: y, seed: seed)
        #expect(gradients[x]?.array() == (try backend.linearInputGradient(seed, form)).array())
        #expect(gradients[layer]?.array() == (try backend.linearWeightGradient(seed, x: input)).array())
    }

    /// Inputs are rounded here exactly as a W4A4 backend rounds them.
    @Test func roundedInputsAreThoseOfW4A4() throws {
        var numbers = Numbers(22)
        let (layer, x) = (weight(numbers.tensor([4, 48])), numbers.tensor([6, 48]))
        let forward = try ForwardWeights(
            quantizing: [(layer, .init(global: 1.5 / 2688, input: 1.5 / 2688))], on: ReferenceBackend())
        guard case .nvfp4(let packed, let scales, let global, _) = forward.weight(of: layer).format else {
            Issue.record("not quantised")
            return
        }
        let stored = Weight(
            name: "stored", outputs: 4, inputs: 48,
            format: .nvfp4(packed: packed, blockScales: scales, globalScale: global, inputScale: 1.5 / 2688))
        let expected = try ReferenceBackend(precision: .w4a4).linear(x, [stored])[0]
        let found = try Autodiff(ReferenceBackend(), parameters: [], forward: forward).linear(x, [layer])[0]
        #expect(found.array() == expected.array())
    }

    @Test func bfloat16FormsAreRounded() {
        let layer = weight(Tensor([1, 1.00390625, -3.1415927, 0], shape: [2, 2]))
        #expect(ForwardWeights(roundingToBFloat16: [layer]).weight(of: layer).floats() == [1, 1, -3.140625, 0])
    }

    @Test func scalesThatDivideByNothingAreRefused() {
        let layer = weight(Tensor([Float](repeating: 1, count: 32), shape: [2, 16]))
        for scales in [ForwardWeights.Scales(global: 0, input: nil), .init(global: 1, input: .nan)] {
            #expect(throws: TrainingError.self) {
                try ForwardWeights(quantizing: [(layer, scales)], on: ReferenceBackend())
            }
        }
        let narrow = weight(Tensor([1, 2], shape: [1, 2]))
        #expect(throws: TrainingError.self) {
            try ForwardWeights(quantizing: [(narrow, .init(global: 1, input: nil))], on: ReferenceBackend())
        }
    }
}
