// Losses, updates and rounding compared, and a whole training step: compared for a tiny model, timed for a larger one.

package import Checkpoint
import Compute
package import Foundation
import Model
import Numerics
import Training

extension BackendCheck {
    mutating func sums(_ bounds: Bounds, quick: Bool) {
        var noise = Noise(7)
        for (rows, columns) in quick ? [(9, 40)] : [(9, 40), (300, 512)] {
            let (x, teacher) = (noise.tensor([rows, columns], spread: 4), noise.tensor([rows, columns], spread: 4))
            let targets = (0..<rows).map { $0 % 5 == 2 ? nil : Int32(noise.below(columns)) }
            let name = "[\(rows), \(columns)]"
            let tensors = { (loss: (sum: Double, gradient: Tensor)) in
                [loss.gradient, Tensor([Float(loss.sum)], shape: [1])]
            }
            compare("crossEntropy \(name)", within: bounds.float) {
                tensors(try $0.crossEntropy(x, targets: targets, scale: 0.3))
            }
            let counted = targets.map { $0 != nil }
            compare("forwardKL \(name)", within: bounds.float) {
                tensors(try $0.forwardKL(x, teacher: teacher, counted: counted, scale: 0.3))
            }
            compare("meanSquare \(name)", within: bounds.float) {
                tensors(try $0.meanSquare(x, teacher: teacher, counted: counted, scale: 0.3))
            }
        }
        let gradients = [7, 40_000, 1].map { noise.tensor([$0]) }
        compare("squareSums", within: bounds.float) {
            [Tensor(try $0.squareSums(gradients).map { Float($0) }, shape: [gradients.count])]
        }
        updates(bounds, &noise)
        roundings(bounds, &noise)
    }

    private mutating func updates(_ bounds: Bounds, _ noise: inout Noise) {
        let shape: Shape = [60, 50]
        let parameters: Parameters
        do {
            parameters = try Parameters(
                entries: [Parameters.Entry(name: "check", shape: shape, isMatrix: true)], values: [noise.tensor(shape)])
        } catch {
            add(Row(operation: "adamW", error: nil, bound: nil, microseconds: nil, failure: "\(error)"))
            return
        }
        let gradients = [noise.tensor(shape), noise.tensor(shape)]
        var settings = AdamW.Settings()
        settings.weightDecay = 0.1
        compare("adamW, two updates, same bits", within: bounds.moved) { backend in
            var (values, optimizer) = (parameters, AdamW(settings, for: parameters))
            for gradient in gradients { try optimizer.update(&values, [gradient], rate: 1e-3, on: backend) }
            return [values.values[0], optimizer.first[0], optimizer.second[0]]
        }
    }

    private mutating func roundings(_ bounds: Bounds, _ noise: inout Noise) {
        // Blocks of very different sizes, zeros, and ties.
        var values = noise.tensor([32, 128]).array()
        for block in 0..<values.count / 16 {
            let scale = block % 7 == 0 ? 0 : exp2(Float(block % 23) - 14)
            for i in block * 16..<(block + 1) * 16 {
                values[i] = block % 3 == 0 ? (values[i] * 24).rounded() / 4 * scale : values[i] * scale
            }
        }
        let x = Tensor(values, shape: [32, 128])
        let weight = Weight(name: "check", parameter: x)
        for scale: Float in [0.01, 1, 0.0007] {
            compare("roundedToNVFP4 under \(scale), same bits", within: bounds.moved) {
                [try $0.roundedToNVFP4(x, inputScale: scale)]
            }
            for division in NVFP4WeightScales.Division.allCases {
                for rule in [NVFP4WeightScales.Rule.sequential, .unclamped, .clamped] {
                    let arithmetic = NVFP4WeightScales(division: division, rule: rule)
                    compare("nvfp4Form under \(scale), \(division) \(rule), same bits", within: bounds.moved) {
                        let form = try $0.nvfp4Form(of: weight, globalScale: scale, arithmetic: arithmetic)
                        return [Tensor(form.floats(), shape: [32, 128])]
                    }
                }
            }
        }
    }

    // MARK: Whole steps

    /// Logits, loss and the gradients of all parameters of a random model, on both.
    /// - Parameter folder: where the model may be written, and where nothing is yet.
    package mutating func compareStep(
        _ shape: SyntheticShape, tiles: Int, within bound: Double, folder: URL, quantized: Bool = false
    ) {
        do {
            let run = try StepCheck(shape, folder: folder)
            var noise = Noise(8)
            let batch = try run.batch(examples: 3, tiles: tiles, tokens: 20, &noise)
            let name = "step of \(shape.rawValue), \(tiles) tiles\(quantized ? ", NVFP4" : "")"
            func results(_ backend: any DifferentiableBackend, recomputesLayers: Bool = false) throws -> [Tensor] {
                let result = try run.step(
                    batch, on: backend, quantized: quantized, recomputesLayers: recomputesLayers)
                return result.gradients.compactMap(\.self) + [Tensor([Float(result.loss)], shape: [1])]
            }
            compare(name, within: bound, repeats: 2) { try results($0) }
            let error = Self.largestError(try results(device), try results(device))
            add(Row(operation: name + " again, same bits", error: error, bound: 0, microseconds: nil, failure: nil))
            let recomputed = Self.largestError(try results(device), try results(device, recomputesLayers: true))
            add(
                Row(
                    operation: name + " with layers recomputed, same bits", error: recomputed, bound: 0,
                    microseconds: nil, failure: nil))
        } catch {
            add(
                Row(
                    operation: "step of \(shape.rawValue)", error: nil, bound: nil, microseconds: nil,
                    failure: "\(error)"))
        }
    }

    /// Times the phases of training steps of a random model on the device.
    package mutating func timeSteps(_ shape: SyntheticShape, examples: Int, tiles: Int, tokens: Int, folder: URL) {
        do {
            let run = try StepCheck(shape, folder: folder)
            var noise = Noise(9)
            let batch = try run.batch(examples: examples, tiles: tiles, tokens: tokens, &noise)
            let rows = batch.tokens
            var parameters = run.parameters
            var optimizer = AdamW(.init(), for: parameters)
            for round in 0..<4 {
                var phases: [(String, Duration)] = []
                var last = ContinuousClock.now
                func mark(_ phase: String) throws {
                    try wait()
                    phases.append((phase, ContinuousClock.now - last))
                    last = .now
                }
                let model = try TrainableModel(run.folder, parameters)
                let tape = Autodiff(device, parameters: model.nodes())
                try mark("model")
                let logits = try batch.logits(of: model.network, on: tape)
                try mark("forward")
                let loss = try Loss.crossEntropy(logits, targets: batch.targets, on: device)
                try mark("loss")
                let gradients = model.gradients(try tape.gradients(of: logits, seed: loss.gradient))
                try mark("backward")
                try optimizer.update(&parameters, gradients, rate: 1e-4, on: device)
                try mark("update")
                guard round > 0 else { continue }
                let name = "\(shape.rawValue): \(tiles) tiles, \(rows) tokens, step \(round)"
                for (phase, time) in phases + [("all", phases.reduce(.zero) { $0 + $1.1 })] {
                    add(
                        Row(
                            operation: "\(name), \(phase)", error: nil, bound: nil,
                            microseconds: Self.microseconds(time),
                            failure: loss.value.isFinite ? nil : "the loss is not finite"))
                }
            }
        } catch {
            add(
                Row(
                    operation: "steps of \(shape.rawValue)", error: nil, bound: nil, microseconds: nil,
                    failure: "\(error)"))
        }
    }
}

/// A random model and batches for it.
struct StepCheck {
    let folder: CheckpointFolder
    let parameters: Parameters

    init(_ shape: SyntheticShape, folder url: URL) throws {
        if !FileManager.default.fileExists(atPath: url.path(percentEncoded: false)) {
            try SyntheticCheckpoint(shape: shape, format: .bf16, seed: 1).write(to: url)
        }
        folder = try CheckpointFolder(at: url)
        parameters = try Parameters(of: folder)
    }

    /// Examples of very different lengths that share `tiles` tiles; every fourth token has a target.
    func batch(examples count: Int, tiles: Int, tokens: Int, _ noise: inout Noise) throws -> Batch {
        let side = folder.configuration.vision?.tileSize ?? 0
        let patch = folder.vision?.patch ?? 1
        let perTile = (side / patch / 2) * (side / patch / 2)
        var examples: [Batch.Example] = []
        for index in 0..<count {
            let own = (index + 1) * tiles / count - index * tiles / count
            let text = tokens / 2 + noise.below(max(tokens, 1))
            let ids = (0..<own * perTile + text).map {
                $0 < own * perTile ? Int32(7) : Int32(noise.below(folder.language.vocabulary))
            }
            let targets = ids.indices.map { $0 >= own * perTile && $0 % 2 == 0 ? ids[$0] : nil }
            examples.append(
                Batch.Example(
                    ids: ids, targets: targets, tiles: own, pixels: noise.bytes(own * 3 * side * side),
                    imageRows: Array(0..<own * perTile)))
        }
        return try Batch(examples)
    }

    func step(
        _ batch: Batch, on backend: any DifferentiableBackend, quantized: Bool, recomputesLayers: Bool = false
    ) throws -> (loss: Double, gradients: [Tensor?]) {
        let model = try TrainableModel(folder, parameters)
        var forward = ForwardWeights()
        if quantized {
            let layers = model.weights.filter { $0.name.contains("layers.") }.map {
                (weight: $0, scales: ForwardWeights.Scales(global: 2e-4, input: 3e-3))
            }
            forward = try ForwardWeights(quantizing: layers, on: backend)
        }
        let tape = Autodiff(backend, parameters: model.nodes(), forward: forward, recomputesLayers: recomputesLayers)
        let logits = try batch.logits(of: model.network, on: tape)
        let loss = try Loss.crossEntropy(logits, targets: batch.targets, on: backend)
        return (loss.value, model.gradients(try tape.gradients(of: logits, seed: loss.gradient)))
    }
}
