import Checkpoint
import Compute
import Foundation
import Numerics
import TestSupport
import Testing
import Training

/// Whole models: the tiny golden checkpoint with all of its weights as float32 parameters.
struct TrainingTests {
    private func step(
        _ folder: CheckpointFolder, _ parameters: Parameters, _ batch: Batch, on backend: any DifferentiableBackend
    ) throws -> (loss: Loss, gradients: [Tensor?]) {
        let model = try TrainableModel(folder, parameters)
        let autodiff = Autodiff(backend, parameters: model.nodes())
        let logits = try batch.logits(of: model.network, on: autodiff)
        let loss = try Loss.crossEntropy(logits, targets: batch.targets.map { $0 }, on: backend)
        return (loss, model.gradients(try autodiff.gradients(of: logits, seed: loss.gradient)))
    }

    /// All 54 parameters, by the norm of the gradient and by one product with fixed numbers.
    @Test(arguments: [true, false])
    func gradientsOfTheWholeModelMatchPyTorch(reference: Bool) throws {
        let folder = try tinyFolder()
        let parameters = try Parameters(of: folder)
        let backend: any DifferentiableBackend = reference ? ReferenceBackend() : try CPUBackend(precision: .f32)
        let oracle = try Oracle.load()
        let (loss, gradients) = try step(folder, parameters, try Oracle.batch(), on: backend)
        #expect(abs(loss.value - oracle.loss) < 2e-5)
        #expect(Set(parameters.entries.map(\.name)) == Set(oracle.gradients.keys))
        for (entry, gradient) in zip(parameters.entries, gradients) {
            let values = try #require(gradient).array()
            let expected = try #require(oracle.gradients[entry.name])
            let norm = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            var product = 0.0
            for (offset, value) in values.enumerated() { product += Double(value) * cos(0.37 * Double(offset)) }
            #expect(abs(norm - expected[0]) < 5e-5 * expected[0], "\(entry.name): norm \(norm)")
            #expect(abs(product - expected[1]) < 2e-4 * expected[0], "\(entry.name): product \(product)")
        }
    }

    @Test func lossesMatchPyTorch() throws {
        let (folder, oracle) = (try tinyFolder(), try Oracle.load())
        let model = try TrainableModel(folder, try Parameters(of: folder))
        let logits = try Oracle.batch().logits(of: model.network, on: try CPUBackend(precision: .f32))
        #expect(
            abs(
                try Loss.forwardKL(logits, teacher: Oracle.teacher(), on: CPUBackend(precision: .f32)).value - oracle.kl
            ) < 2e-5)
        #expect(
            abs(
                try Loss.meanSquare(logits, teacher: Oracle.teacher(), on: CPUBackend(precision: .f32)).value
                    - oracle.mse) < 1e-4)
    }

    /// One parameter of every kind, moved along its gradient: the slope is the gradient's norm within 1 %.
    @Test(arguments: [
        "vision_model.radio_model.model.patch_generator.embedder.weight",
        "vision_model.radio_model.model.patch_generator.pos_embed",
        "vision_model.radio_model.model.patch_generator.cls_token.token",
        "vision_model.radio_model.model.blocks.0.norm1.weight",
        "vision_model.radio_model.model.blocks.0.attn.qkv.weight",
        "vision_model.radio_model.model.blocks.1.mlp.fc1.bias", "mlp1.0.bias", "mlp1.3.weight",
        "language_model.model.embed_tokens.weight", "language_model.model.layers.0.self_attn.k_proj.weight",
        "language_model.model.layers.1.input_layernorm.weight", "language_model.model.layers.1.mlp.gate_proj.weight",
        "language_model.model.norm.weight", "language_model.lm_head.weight",
    ])
    func gradientsMatchCentralDifferences(name: String) throws {
        let folder = try tinyFolder()
        let parameters = try Parameters(of: folder)
        let batch = try Oracle.batch()
        let backend = try CPUBackend(precision: .f32)
        let index = try #require(parameters.entries.firstIndex { $0.name == name })
        let gradient = try #require(try step(folder, parameters, batch, on: backend).gradients[index]).array()
        let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        func loss(_ distance: Double) throws -> Double {
            var moved = parameters
            let values = zip(parameters.values[index].array(), gradient).map {
                Float(Double($0) + distance * Double($1) / norm)
            }
            moved.values[index] = Tensor(values, shape: parameters.entries[index].shape)
            let logits = try batch.logits(of: try TrainableModel(folder, moved).network, on: backend)
            return try Loss.crossEntropy(logits, targets: batch.targets.map { $0 }, on: backend).value
        }
        let step = 0.01 / max(norm, 1)
        let slope = try (8 * (loss(step) - loss(-step)) - (loss(2 * step) - loss(-2 * step))) / (12 * step)
        #expect(abs(slope - norm) < 1e-2 * norm)
    }

    /// Thirty steps on one batch: from 12.6 nats to under a tenth of that.
    @Test func aRepeatedBatchIsLearnt() throws {
        let folder = try tinyFolder()
        let batch = try Oracle.batch()
        var parameters = try Parameters(of: folder)
        var optimizer = AdamW(.init(), for: parameters)
        let rate = LearningRate(peak: 3e-3, warmup: 3, steps: 30, decay: .cosine)
        let backend = try CPUBackend(precision: .f32)
        var losses: [Double] = []
        for index in 0..<30 {
            let (loss, gradients) = try step(folder, parameters, batch, on: backend)
            losses.append(loss.value)
            try optimizer.update(&parameters, gradients, rate: rate(index), on: backend)
        }
        #expect(try #require(losses.last) < 0.1 * losses[0], "\(losses)")
    }

    /// Killed after four of eight steps and resumed from the file: the same bits as without, on other threads too.
    @Test func aRestoredRunContinuesBitForBit() throws {
        let folder = try tinyFolder()
        let batch = try Oracle.batch()
        let temporary = try TemporaryFolder()
        let url = temporary.url.appending(path: "run.safetensors")
        var settings = AdamW.Settings()
        settings.weightDecay = 0.1
        let start = try Parameters(of: folder)
        func run(_ state: inout RunState, steps: Int, threads: Int) throws {
            let backend = try CPUBackend(threads: threads, precision: .f32)
            for _ in 0..<steps {
                let gradients = try step(folder, state.parameters, batch, on: backend).gradients
                try state.optimizer.update(&state.parameters, gradients, rate: 1e-3, on: backend)
            }
        }
        var straight = RunState(parameters: start, optimizer: AdamW(settings, for: start), facts: ["seed": "7"])
        try run(&straight, steps: 4, threads: 2)
        try straight.save(to: url)
        var resumed = try RunState(restoring: url, like: start, settings: settings)
        #expect(resumed.facts == ["seed": "7"] && resumed.optimizer.step == 4)
        try run(&straight, steps: 4, threads: 2)
        try run(&resumed, steps: 4, threads: 1)
        for index in start.entries.indices {
            let same = zip(straight.parameters.values[index].array(), resumed.parameters.values[index].array())
                .allSatisfy { $0.bitPattern == $1.bitPattern }
            #expect(same, "\(start.entries[index].name)")
            #expect(straight.parameters.values[index].array() != start.values[index].array(), "it moved")
        }
        #expect(straight.optimizer.second.map { $0.array() } == resumed.optimizer.second.map { $0.array() })
    }

    @Test func brokenRunsAreRefused() throws {
        let temporary = try TemporaryFolder()
        let entry = Parameters.Entry(name: "w", shape: [2], isMatrix: false)
        let parameters = try Parameters(entries: [entry], values: [Tensor([1, 2], shape: [2])])
        let url = temporary.url.appending(path: "run.safetensors")
        #expect(throws: TrainingError.self) { try RunState(restoring: url, like: parameters, settings: .init()) }
        try RunState(parameters: parameters, optimizer: AdamW(.init(), for: parameters)).save(to: url)
        let other = try Parameters(
            entries: [.init(name: "w", shape: [3], isMatrix: false)], values: [Tensor([1, 2, 3], shape: [3])])
        #expect(throws: TrainingError.self) { try RunState(restoring: url, like: other, settings: .init()) }
        let bytes = try Data(contentsOf: url)
        try bytes.prefix(bytes.count - 4).write(to: url)
        #expect(throws: TrainingError.self) { try RunState(restoring: url, like: parameters, settings: .init()) }
        let missing = temporary.url.appending(path: "none/run.safetensors")
        #expect(throws: TrainingError.self) {
            try RunState(parameters: parameters, optimizer: AdamW(.init(), for: parameters)).save(to: missing)
        }
    }

    /// A quantised folder is a result of training, not a start.
    @Test func quantisedFoldersAreRefused() throws {
        let folder = try CheckpointFolder(at: Goldens.checkpoint("nvfp4"))
        #expect(throws: TrainingError.self) { try Parameters(of: folder) }
    }

    @Test func frozenPartsGetNoGradient() throws {
        let folder = try tinyFolder()
        let parameters = try Parameters(of: folder)
        let batch = try Oracle.batch()
        let model = try TrainableModel(folder, parameters)
        let backend = try CPUBackend(precision: .f32)
        let autodiff = Autodiff(
            backend, parameters: model.nodes { $0.hasPrefix("language_model.") })
        let logits = try batch.logits(of: model.network, on: autodiff)
        let loss = try Loss.crossEntropy(logits, targets: batch.targets.map { $0 }, on: backend)
        let gradients = model.gradients(try autodiff.gradients(of: logits, seed: loss.gradient))
        for (entry, gradient) in zip(parameters.entries, gradients) {
            #expect((gradient != nil) == entry.name.hasPrefix("language_model."), "\(entry.name)")
        }
    }
}
