// A whole folder: against the one NVIDIA Model Optimizer exported from the same weights, and read back.

import Checkpoint
import Compute
import Foundation
import Model
import Numerics
import Quantization
import TestSupport
import Testing

struct CheckpointQuantizerTests {
    /// The ranges behind the golden folder's input scales, so that its export can be repeated without its prompts.
    static func goldenCalibration(_ golden: CheckpointFolder) throws -> Calibration {
        var ranges: [String: Float] = [:]
        for name in golden.names where name.hasSuffix(".input_scale") {
            let scale = try #require(try golden.tensor(name).floats()?.first)
            ranges[String(name.dropLast(".input_scale".count))] = BFloat16(scale * 2688).float
        }
        return Calibration(source: "golden", samples: 1, tokens: 1, largestInputs: ranges)
    }

    static func options(_ recipe: Recipe = .max) throws -> CheckpointQuantizer.Options {
        CheckpointQuantizer.Options(recipe: recipe, division: .cpu, version: try CompatibleVersion("0.37.0"))
    }

    @Test func equalsModelOptimizersFolderByteForByte() throws {
        let golden = try CheckpointFolder(at: Goldens.checkpoint("nvfp4"))
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let place = try TemporaryFolder()
        let url = place.url.appending(path: "out")
        let report = try CheckpointQuantizer(source, Self.options())
            .write(to: url, calibration: Self.goldenCalibration(golden))
        let made = try CheckpointFolder(at: url)
        #expect(report.layers.count == 14)
        #expect(report.dropped == ["vision_model.radio_model.summary_idxs"])
        #expect(Set(made.names) == Set(golden.names).subtracting(report.dropped))
        for name in made.names {
            let (found, expected) = (try made.tensor(name), try golden.tensor(name))
            #expect(found.dtype == expected.dtype && found.shape == expected.shape, "\(name)")
            #expect(found.array == expected.array, "\(name)")
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: golden.url.path) where name.hasSuffix("json") {
            let (found, expected) = (url.appending(path: name), golden.url.appending(path: name))
            #expect(try Data(contentsOf: found) == Data(contentsOf: expected), "\(name)")
        }
        #expect(made.warnings == golden.warnings)
        #expect(Verification(of: url).faults == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.url.path) == ["out"])
    }

    /// `nvfp4/quantizer_cuda.safetensors`: the rule of docs/quantization.md carried out by PyTorch 2.11 on an NVIDIA H200, for
    /// the weights of the bf16 fixture; and 1 to 1.9921875 (every bf16 mantissa) divided by 2688 there.
    @Test func cudaArithmeticEqualsAGPUByteForByte() throws {
        let golden = try SafetensorsFile(mapping: Goldens.file("nvfp4/quantizer_cuda.safetensors"))
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let place = try TemporaryFolder()
        let url = place.url.appending(path: "out")
        var options = try Self.options()
        options.division = .cuda
        _ = try CheckpointQuantizer(source, options).write(to: url, calibration: nil)
        let made = try CheckpointFolder(at: url)
        let names = golden.names.filter { $0.hasPrefix("language_model.") }
        #expect(names.count == 42)
        for name in names { #expect(try made.tensor(name).array == golden.tensor(name).array, "\(name)") }
        let divided = try #require(try golden.tensor("mantissa_2688").floats())
        let scales = NVFP4WeightScales(division: .cuda, rule: .clamped)
        for (mantissa, expected) in divided.enumerated() {
            let value = BFloat16(bits: UInt16(127 << 7 | mantissa)).float
            #expect(scales.globalScale(largest: value, norm: 448) == expected, "mantissa \(mantissa)")
        }
    }

    /// The weights a run uses are those of the fake-quantised model, bit for bit, and the report says what they lost.
    @Test(arguments: Recipe.allCases.filter { !$0.watchesInputs })
    func exportsWhatWasMeasured(recipe: Recipe) throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let place = try TemporaryFolder()
        let url = place.url.appending(path: "out")
        let quantizer = try CheckpointQuantizer(source, Self.options(recipe))
        let report = try quantizer.write(to: url, calibration: nil)
        let made = try CheckpointFolder(at: url)
        #expect(made.manifest?.algorithm == .weightOnlyNVFP4)
        for (layer, reported) in zip(quantizer.plan.layers, report.layers) {
            let (outputs, inputs) = (layer.weight.shape[0], layer.weight.shape[1])
            guard
                case .nvfp4(let packed, let scales, let globalScale, let inputScale) = try made.matrix(
                    layer.path, outputs: outputs, inputs: inputs)
            else {
                Issue.record("\(layer.path) is not NVFP4")
                continue
            }
            #expect(inputScale == nil && globalScale == reported.weightScale2)
            let stored = NVFP4.dequantize(packed: packed.array, scales: scales.array, globalScale: globalScale)
            let weights = try #require(layer.weight.floats())
            // Fake quantisation, one element at a time.
            let fake = weights.enumerated().map { index, weight in
                let step = E4M3(bits: scales.array[index / 16]).float * globalScale
                return E2M1(saturating: weight / step).float * step
            }
            #expect(stored.map(\.bitPattern) == fake.map(\.bitPattern), "\(layer.path)")
            let squared = zip(weights, stored).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }
            let energy = weights.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(reported.relativeMse - squared / energy) < 1e-5 * reported.relativeMse)
            #expect(reported.relativeMse > 0.003 && reported.relativeMse < 0.012)
        }
    }

    /// The exported folder and a dense float32 folder of the fake-quantised weights are the same model.
    @Test func exportedLogitsEqualTheFakeQuantisedModels() throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let place = try TemporaryFolder()
        let url = place.url.appending(path: "out")
        let quantizer = try CheckpointQuantizer(source, Self.options(.sweep256))
        _ = try quantizer.write(to: url, calibration: nil)
        let made = try CheckpointFolder(at: url)
        let dense = try TemporaryFolder(copying: source.url)
        let layers = Dictionary(uniqueKeysWithValues: quantizer.plan.layers.map { ($0.path + ".weight", $0) })
        let file = dense.url.appending(path: "model.safetensors")
        let writer = try SafetensorsWriter(
            to: file,
            tensors: try source.names.map { name in
                let view = try source.tensor(name)
                return TensorDeclaration(name: name, dtype: layers[name] == nil ? view.dtype : .f32, shape: view.shape)
            })
        for tensor in writer.order {
            guard let layer = layers[tensor.name] else {
                try writer.append(try source.tensor(tensor.name).bytes)
                continue
            }
            let largest = try quantizer.plan.groups[layer.group].flatMap {
                try source.tensor($0 + ".weight").floats() ?? []
            }
            .reduce(0) { max($0, $1.magnitude) }
            let fake = Quantized(
                layer.weight, WeightQuantizer(rule: .sweep256, scales: NVFP4WeightScales(division: .cpu)),
                largest: largest)
            try fake.dequantized.withUnsafeBytes { try writer.append($0) }
        }
        try writer.finish()
        let ids: [Int32] = [447, 12, 200, 33, 7, 91, 300, 5]
        let logits = try [made, CheckpointFolder(at: dense.url), CheckpointFolder(at: url), source].map { folder in
            let model = try NemotronNanoVL(folder)
            let backend = ReferenceBackend(precision: .f32)
            let span = SequenceSpan(rows: 0..<ids.count, start: 0, pages: [0])
            let hidden = try model.language.hidden(
                model.language.embed(ids, on: backend), Step(spans: [span]), pages: model.makePages(1, dtype: .f32),
                on: backend)
            return try model.language.logits(hidden, on: backend).array()
        }
        let difference = zip(logits[0], logits[1]).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(difference <= 1e-4, "\(difference)")
        #expect(logits[0] == logits[2])
        // The quantised model is another model: equality above is not the equality of everything.
        #expect(zip(logits[0], logits[3]).contains { abs($0 - $1) > 0.05 })
    }

    @Test func writesShardsThatOpenAsOne() throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let place = try TemporaryFolder()
        let (whole, parts) = (place.url.appending(path: "whole"), place.url.appending(path: "parts"))
        var options = try Self.options(.mse)
        _ = try CheckpointQuantizer(source, options).write(to: whole, calibration: nil)
        options.shardLimit = 40_000
        _ = try CheckpointQuantizer(source, options).write(to: parts, calibration: nil)
        let (one, many) = (try CheckpointFolder(at: whole), try CheckpointFolder(at: parts))
        #expect(many.store.files.count > 5)
        #expect(Set(one.names) == Set(many.names))
        for name in one.names { #expect(try one.tensor(name).array == many.tensor(name).array, "\(name)") }
    }

    @Test func declaresAnFP8Cache() throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let golden = try CheckpointFolder(at: Goldens.checkpoint("nvfp4"))
        let place = try TemporaryFolder()
        let url = place.url.appending(path: "out")
        var options = try Self.options()
        options.declaresFP8Cache = true
        _ = try CheckpointQuantizer(source, options).write(to: url, calibration: Self.goldenCalibration(golden))
        let made = try CheckpointFolder(at: url)
        #expect(made.manifest?.keyValueCache == "FP8")
        #expect(try made.keyValueScales(layer: 0) == nil)
        if let full = Goldens.full?.appending(path: "ckpt/nvfp4-kvfp8") {
            for name in ["config.json", "hf_quant_config.json"] {
                #expect(
                    try Data(contentsOf: url.appending(path: name)) == Data(contentsOf: full.appending(path: name)),
                    "\(name)")
            }
        }
    }

    // MARK: Calibration

    @Test func calibratesWhatEachLayerReads() throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let samples = (0..<3).map { CalibrationSample.synthetic(for: source, seed: $0) }
        let found = try Calibration(
            source, CalibrationPrompts(source: "synthetic", count: 3) { samples[$0] },
            on: ReferenceBackend(precision: .f32))
        #expect(found.tokens == samples.reduce(0) { $0 + $1.tokens.count } && found.samples == 3)
        // The same ranges, seen from outside through the model's trace.
        let model = try NemotronNanoVL(source)
        let backend = ReferenceBackend(precision: .f32)
        let pages = try model.makePages(64, dtype: .f32)
        let largest = Maxima()
        for sample in samples {
            var x = try model.language.embed(sample.tokens, on: backend)
            for image in sample.images {
                let embeddings = try model.embed(tiles: image.tiles, pixels: image.pixels, on: backend)
                x = try backend.replacingRows(x, at: image.rows, with: embeddings)
            }
            let span = SequenceSpan(rows: 0..<x.rows, start: 0, pages: (0..<64).map { $0 })
            _ = try model.language.hidden(
                x, Step(spans: [span]), pages: pages, on: backend,
                trace: Trace { name, value in largest.add(name, value.array()) })
        }
        for layer in 0..<2 {
            let path = "language_model.model.layers.\(layer)."
            let attention = try #require(largest.values["layer\(layer).input_layernorm"])
            let mlp = try #require(largest.values["layer\(layer).post_attention_layernorm"])
            for name in ["q_proj", "k_proj", "v_proj"] {
                #expect(found.largestInputs[path + "self_attn." + name] == BFloat16(attention).float)
            }
            for name in ["gate_proj", "up_proj"] {
                #expect(found.largestInputs[path + "mlp." + name] == BFloat16(mlp).float)
            }
            #expect((found.largestInputs[path + "self_attn.o_proj"] ?? 0) > 0)
            #expect((found.largestInputs[path + "mlp.down_proj"] ?? 0) > 0)
        }
        let again = try Calibration(
            source,
            CalibrationPrompts(source: "synthetic", count: 3) {
                CalibrationSample.synthetic(for: source, seed: UInt64($0))
            }, on: ReferenceBackend(precision: .f32))
        #expect(again == found)
    }

    private final class Maxima: @unchecked Sendable {
        // Sendable: the trace is called on the test's own thread.
        var values: [String: Float] = [:]
        func add(_ name: String, _ array: [Float]) {
            values[name] = array.reduce(values[name] ?? 0) { max($0, $1.magnitude) }
        }
    }

    @Test func sharesScalesWithinFusedGroups() throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        let quantizer = try CheckpointQuantizer(source, Self.options())
        #expect(quantizer.plan.groups.map(\.count) == [3, 1, 2, 1, 3, 1, 2, 1])
        // Layers of a group may have been seen apart: the largest counts for all.
        var ranges = try Self.goldenCalibration(CheckpointFolder(at: Goldens.checkpoint("nvfp4"))).largestInputs
        ranges["language_model.model.layers.0.self_attn.k_proj"] = 1000
        let place = try TemporaryFolder()
        let report = try quantizer.write(
            to: place.url.appending(path: "out"),
            calibration: Calibration(source: "test", samples: 1, tokens: 1, largestInputs: ranges))
        let unified: Float = 1000 / 2688
        #expect(report.layers.prefix(3).allSatisfy { $0.inputScale == unified })
        #expect(Set(report.layers.prefix(3).map(\.weightScale2)).count == 1)
        #expect(report.layers[3].inputScale != unified)
    }

    @Test(arguments: [nil, Float(0), .infinity, .nan])
    func refusesRangesNoScaleFits(range: Float?) throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        var ranges = try Self.goldenCalibration(CheckpointFolder(at: Goldens.checkpoint("nvfp4"))).largestInputs
        let path = "language_model.model.layers.1.mlp.down_proj"
        ranges[path] = range
        let place = try TemporaryFolder()
        let error = #expect(throws: QuantizationError.self) {
            try CheckpointQuantizer(source, Self.options()).write(
                to: place.url.appending(path: "out"),
                calibration: Calibration(source: "test", samples: 1, tokens: 1, largestInputs: ranges))
        }
        #expect(error?.description.contains(path) == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.url.path) == [])
    }

    @Test func refusesNoPrompts() throws {
        let source = try CheckpointFolder(at: Goldens.checkpoint("bf16"))
        #expect(throws: QuantizationError.calibration("empty.jsonl holds no prompt")) {
            try CalibrationPrompts(source: "empty.jsonl", count: 0) { _ in CalibrationSample(tokens: [1]) }
        }
        #expect(throws: QuantizationError.self) {
            try Calibration(
                source,
                CalibrationPrompts(source: "long.jsonl", count: 1) { _ in
                    CalibrationSample(tokens: Array(repeating: 1, count: 1 << 20))
                }, on: NullBackend())
        }
    }
}
