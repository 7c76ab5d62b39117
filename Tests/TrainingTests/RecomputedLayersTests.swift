import Checkpoint
import Compute
import Foundation
import Numerics
import Synchronization
import TestSupport
import Testing
import Training

/// Layers that keep their input alone and run again for their gradients.
struct RecomputedLayersTests {
    /// The whole tiny model, its layers in NVFP4 as `distill` runs them, or in bf16 as `train` does.
    @Test(arguments: Objective.Measure.allCases, [true, false])
    func gradientsAreTheSameBits(measure: Objective.Measure, quantized: Bool) throws {
        let (folder, student) = (try tinyFolder(), try CheckpointFolder(at: Goldens.checkpoint("nvfp4")))
        let layers = try QuantizedLayers(of: student, like: folder)
        let parameters = try Parameters(of: folder)
        let model = try TrainableModel(folder, parameters)
        var moved = parameters
        for index in moved.values.indices {
            let values = moved.values[index].array().enumerated().map { $1 * (1 + 0.05 * sin(Float($0))) }
            moved.values[index] = Tensor(values, shape: moved.entries[index].shape)
        }
        let teacher = try TrainableModel(folder, moved)
        let batch = try Oracle.batch()
        for (part, threads) in [(TrainedPart.all, 2), (.language, 1)] {
            let backend = try CPUBackend(threads: threads, precision: quantized ? .f32 : .w4a16)
            func run(recomputesLayers: Bool) throws -> (loss: Loss, logits: Tensor, gradients: [Tensor?]) {
                try Objective(
                    measure: measure, teacher: teacher, trains: part.names(in: folder),
                    forward: { (model: TrainableModel, backend: any DifferentiableBackend) throws(TrainingError) in
                        quantized
                            ? try layers.forward(model, backend)
                            : ForwardWeights(roundingToBFloat16: model.weights)
                    }, recomputesLayers: recomputesLayers
                ).run(batch, model, on: backend, differentiates: true)
            }
            let (kept, recomputed) = (try run(recomputesLayers: false), try run(recomputesLayers: true))
            #expect(kept.loss.value == recomputed.loss.value && kept.loss.value > 0)
            #expect(kept.logits.array() == recomputed.logits.array())
            for (index, name) in model.names.enumerated() {
                let (one, other) = (kept.gradients[index]?.array(), recomputed.gradients[index]?.array())
                #expect(one?.map(\.bitPattern) == other?.map(\.bitPattern), "\(name)")
                #expect((one != nil) == (part == .all || name.hasPrefix("language_model.")), "\(name)")
            }
        }
    }

    /// What a layer saw: how often it ran, and whether its intermediate is still in memory.
    private final class Layer: Sendable {
        private struct Seen {
            var runs = 0
            weak var inner: TensorStorage?
        }
        private let seen = Mutex(Seen())

        func run(_ x: Tensor, _ gain: Tensor, on backend: any Backend) throws(ComputeError) -> Tensor {
            let inner = try backend.rmsNorm(x, weight: gain, epsilon: 1e-6)
            seen.withLock { seen in
                seen.runs += 1
                seen.inner = inner.storage
            }
            return try backend.gelu(inner)
        }

        var runs: Int { seen.withLock { $0.runs } }
        var keepsInner: Bool { seen.withLock { $0.inner != nil } }
    }

    @Test(arguments: [false, true])
    func onlyTheInputOfALayerIsKept(recomputes: Bool) throws {
        var numbers = Numbers(31)
        let (x, gain, seed) = (numbers.tensor([3, 8]), numbers.tensor([8]), numbers.tensor([3, 8]))
        let layer = Layer()
        let autodiff = Autodiff(ReferenceBackend(), parameters: [gain.node], recomputesLayers: recomputes)
        let y = try autodiff.layer(x) { x, backend throws(ComputeError) in try layer.run(x, gain, on: backend) }
        #expect(layer.runs == 1 && layer.keepsInner == !recomputes)
        let gradients = try autodiff.gradients(of: y, seed: seed)
        #expect(layer.runs == (recomputes ? 2 : 1) && !layer.keepsInner)
        #expect(gradients[x] == nil && gradients[gain] != nil)
    }

    @Test func aLayerWithoutParametersRunsOnce() throws {
        var numbers = Numbers(32)
        let (x, gain, seed) = (numbers.tensor([3, 8]), numbers.tensor([8]), numbers.tensor([3, 8]))
        let layer = Layer()
        let autodiff = Autodiff(ReferenceBackend(), parameters: [], recomputesLayers: true)
        let y = try autodiff.layer(x) { x, backend throws(ComputeError) in try layer.run(x, gain, on: backend) }
        #expect(try autodiff.gradients(of: y, seed: seed)[gain] == nil)
        #expect(layer.runs == 1 && !layer.keepsInner)
    }

    /// A forward pass whose gradients nobody asked for leaves no memory behind.
    @Test func anAbandonedPassIsFreed() throws {
        var numbers = Numbers(33)
        let gain = numbers.tensor([8])
        weak var input: TensorStorage?
        do {
            let x = numbers.tensor([3, 8])
            input = x.storage
            let layer = Layer()
            let autodiff = Autodiff(ReferenceBackend(), parameters: [gain.node], recomputesLayers: true)
            _ = try autodiff.layer(x) { x, backend throws(ComputeError) in try layer.run(x, gain, on: backend) }
        }
        #expect(input == nil)
    }
}
