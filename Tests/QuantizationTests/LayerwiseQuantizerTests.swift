// The recipes that go through the model layer by layer, on whole folders.

import Checkpoint
import Compute
import Foundation
import Model
import Numerics
import TestSupport
import Testing

@testable import Quantization

struct LayerwiseQuantizerTests {
    private static let recipes: [Recipe] = [.gptq, .awqLite]

    private func prompts(_ folder: CheckpointFolder, count: Int = 3) throws -> CalibrationPrompts {
        try CalibrationPrompts(source: "synthetic", count: count) {
            CalibrationSample.synthetic(for: folder, seed: UInt64($0))
        }
    }

    private func quantize(
        _ source: CheckpointFolder, _ recipe: Recipe, to url: URL, threads: Int? = nil, count: Int = 3
    ) throws -> QuantizationReport {
        try CheckpointQuantizer(source, CheckpointQuantizer.Options(recipe: recipe)).write(
            to: url, prompts: prompts(source, count: count), on: CPUBackend(threads: threads, precision: .w4a16),
            products: Products(on: CPUBackend(threads: threads, precision: .f32)))
    }

    private func logits(_ folder: CheckpointFolder, precision: Precision = .w4a16) throws -> [Float] {
        let model = try NemotronNanoVL(folder)
        let backend = try CPUBackend(precision: precision)
        let ids: [Int32] = [447, 12, 200, 33, 7, 91, 300, 5]
        let span = SequenceSpan(rows: 0..<ids.count, start: 0, pages: [0])
        let hidden = try model.language.hidden(
            model.language.embed(ids, on: backend), Step(spans: [span]), pages: model.makePages(1, dtype: .f32),
            on: backend)
        return try model.language.logits(hidden, on: backend).array()
    }

    @Test(arguments: recipes)
    func writesFoldersThatRun(recipe: Recipe) throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let place = try TemporaryFolder()
        let url = place.url.appending(path: "out")
        let report = try quantize(source, recipe, to: url)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.url.path) == ["out"])
        #expect(Verification(of: url).faults == [])
        let made = try CheckpointFolder(at: url)
        #expect(made.manifest?.algorithm == .nvfp4)
        #expect(!made.names.contains { $0.contains("pre_quant_scale") })
        #expect(report.recipe == recipe.rawValue && report.calibration?.samples == 3)
        for layer in report.layers {
            #expect((layer.outputError ?? 1) < 0.02 && (layer.outputError ?? 0) > 0, "\(layer.path)")
            #expect(layer.inputScale ?? 0 > 0)
        }
        let (before, after) = (try logits(source), try logits(made))
        let (error, energy) = zip(before, after).reduce((0.0, 0.0)) {
            ($0.0 + pow(Double($1.0 - $1.1), 2), $0.1 + pow(Double($1.0), 2))
        }
        #expect(error < 0.15 * energy, "\(error / energy)")
        #expect(try logits(made, precision: .w4a4).allSatisfy(\.isFinite))
        // Input scales are those of the model as written.
        let final = try Calibration(made, prompts(source), on: CPUBackend(precision: .w4a16))
        for layer in report.layers {
            let seen = try #require(final.largestInputs[layer.path])
            #expect(abs((layer.inputScale ?? 0) * 2688 / seen - 1) < 0.05, "\(layer.path)")
        }
    }

    @Test(arguments: recipes)
    func givesTheSameBytesOnAnyNumberOfThreads(recipe: Recipe) throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let place = try TemporaryFolder()
        let files = try [1, 2, 5].map { threads in
            let url = place.url.appending(path: "out\(threads)")
            _ = try quantize(source, recipe, to: url, threads: threads, count: 2)
            return try ["model.safetensors", QuantizationReport.fileName].map {
                try Data(contentsOf: url.appending(path: $0))
            }
        }
        #expect(files[0] == files[1] && files[0] == files[2])
    }

    @Test func gptqLosesLessOutputThanMaxOnItsPrompts() throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let place = try TemporaryFolder()
        let (gptq, awq) = try (
            quantize(source, .gptq, to: place.url.appending(path: "gptq")),
            quantize(source, .awqLite, to: place.url.appending(path: "awq"))
        )
        // awq-lite leaves o_proj of grouped heads as max would make it.
        #expect(awq.unscaled?.count == 2 && gptq.unscaled?.isEmpty == true)
        for (one, other) in zip(gptq.layers, awq.layers) where other.path.hasSuffix("o_proj") {
            #expect(other.alpha == nil)
            #expect((one.outputError ?? 1) < (other.outputError ?? 0), "\(one.path)")
        }
        #expect(awq.layers.count { $0.alpha != nil } == 12)
    }

    /// Scales folded into norms and rows leave a layer as it was, but for rounding: all four places, heads not grouped.
    @Test func foldedLayerComputesWhatItDid() throws {
        let text = try TextModel(hidden: 64, feedForward: 96, heads: 4)
        let folder = try CheckpointFolder(at: text.folder.url)
        let plan = try QuantizationPlan(folder)
        let quantizer = WeightQuantizer(rule: .max, scales: NVFP4WeightScales(division: .cpu))
        let backend = try CPUBackend(precision: .f32)
        let walk = try LayerWalk(folder, prompts(folder), on: backend) { _, _ in }
        let groups = Dictionary(uniqueKeysWithValues: plan.layers.map { ($0.path, $0.group) })
        let inputs = WatchedInputs(.rows(stride: 1), groups: groups)
        let layer = walk.model.language.layer(0)
        try walk.run(layer, advance: false) { (x, weights, results) throws(ComputeError) in
            try inputs.note(x, weights, results)
        }
        let prefix = "model.layers.0."
        let folded = try FoldedLayer(
            Array(plan.layers.indices), of: plan, prefix: prefix, layer: layer, shape: folder.language, inputs: inputs,
            largest: plan.groups.map { _ in 1 }, AWQLite(quantizer: quantizer, products: Products(on: backend)))
        #expect(folded.unscaled.isEmpty && folded.alphas.count == 7 && folded.norms.count == 2)
        #expect(
            folded.rows.keys.map { plan.layers[$0].path }.sorted() == [
                prefix + "mlp.up_proj", prefix + "self_attn.v_proj",
            ])
        let source = FinishedLayer(
            folder: folder,
            matrices: Dictionary(
                uniqueKeysWithValues: plan.layers.indices.map {
                    (plan.layers[$0].path, .dense(folded.weight($0, of: plan)))
                }), norms: folded.norms)
        let other = try walk.model.language.layer(from: WeightScope(source, path: String(prefix.dropLast())))
        let x = Tensor(correlatedRows(9, inputs: 64, seed: 2), shape: [9, 64])
        let results = try [layer, other].map {
            let pages = try walk.model.makePages(1, dtype: .f32)
            let step = Step(spans: [SequenceSpan(rows: 0..<9, start: 0, pages: [0])])
            return try walk.model.language.run($0, x, step, pages: pages, on: backend).array()
        }
        let largest = results[0].reduce(0) { max($0, $1.magnitude) }
        let difference = zip(results[0], results[1]).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
        #expect(difference < 1e-4 * largest, "\(difference) of \(largest)")
        #expect(other.inputNorm.array() != layer.inputNorm.array())
    }

    @Test func namesWhatReadsOnlyZeros() throws {
        for recipe in Self.recipes {
            let text = try TextModel(hidden: 32, feedForward: 48, zeroPath: "model.layers.0.mlp.gate_proj.weight")
            let place = try TemporaryFolder()
            // down_proj reads zeros only: no input scale fits it, and the message says so.
            let error = #expect(throws: QuantizationError.self) {
                try quantize(CheckpointFolder(at: text.folder.url), recipe, to: place.url.appending(path: "out"))
            }
            #expect(error?.description.contains("down_proj") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: place.url.path) == [])
        }
    }

    @Test(arguments: recipes)
    func refusesToWorkWithoutPrompts(recipe: Recipe) throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let place = try TemporaryFolder()
        #expect(throws: QuantizationError.needsCalibration(recipe)) {
            try CheckpointQuantizer(source, CheckpointQuantizer.Options(recipe: recipe))
                .write(to: place.url.appending(path: "out"), calibration: nil)
        }
        #expect(QuantizationError.needsCalibration(recipe).description.contains("--calibration"))
    }

    /// States of prompts are bounded; what is left out is not counted as seen.
    @Test func keepsAsManyPromptsAsFit() throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let backend = try CPUBackend(precision: .f32)
        let one = try LayerWalk(source, prompts(source), on: backend, limit: 1) { _, _ in }
        #expect(one.samples == 1)
        let all = try LayerWalk(source, prompts(source), on: backend) { _, _ in }
        #expect(all.samples == 3 && all.tokens == 3 * one.tokens)
    }
}
