// Synthetic folders open like published ones, have the real model's shapes, and are the same every time.

import Checkpoint
import Foundation
import Numerics
import TestSupport
import Testing

struct SyntheticCheckpointTests {
    @Test(arguments: SyntheticFormat.allCases)
    func writesFolderThatOpensAndVerifies(format: SyntheticFormat) throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "model")
        let synthetic = SyntheticCheckpoint(shape: .tiny, format: format, seed: 7)
        var last = (done: 0, total: 0)
        try synthetic.write(to: url) { done, total in
            #expect(done >= last.done && done <= total)
            last = (done, total)
        }
        #expect(last.done == synthetic.byteCount && last.total == synthetic.byteCount)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["model"])
        let opened = try CheckpointFolder(at: url)
        #expect(opened.warnings == [])
        #expect(opened.configuration.isSynthetic)
        #expect(opened.language == SyntheticShape.tiny.language)
        #expect(opened.vision == SyntheticShape.tiny.vision)
        #expect(opened.projector == SyntheticShape.tiny.projector)
        #expect(opened.tokenizer.highestID == 479)
        let report = Verification(of: url)
        #expect(report.faults == [] && report.notes == [])
        let matrix = try opened.matrix("language_model.model.layers.1.mlp.up_proj", outputs: 256, inputs: 128)
        #expect(matrix.formatName == format.rawValue.uppercased())
        let card = ModelCard(of: opened)
        #expect(card.isSynthetic)
        #expect(card.quantization.quantizedLayers == (format == .bf16 ? 0 : 14))
        #expect(card.quantization.denseLayers == (format == .bf16 ? 15 : 1))
        #expect(card.quantization.unified == (format == .bf16 ? nil : true))
        #expect(card.parameters == 654_880)
    }

    @Test func hasTheTensorsOfThePublishedLayout() throws {
        let folder = try TemporaryFolder()
        for (format, golden) in [(SyntheticFormat.bf16, "bf16"), (.nvfp4, "nvfp4")] {
            let url = folder.url.appending(path: golden)
            try SyntheticCheckpoint(shape: .tiny, format: format, seed: 0).write(to: url)
            let made = try SafetensorsFile(mapping: url.appending(path: "model.safetensors"))
            let real = try SafetensorsFile(mapping: Goldens.checkpoint(golden).appending(path: "model.safetensors"))
            // Older exports carry indices that newer ones drop.
            let expected = real.tensors.filter { !$0.key.hasSuffix("summary_idxs") }
            #expect(Set(made.names) == Set(expected.keys))
            for (name, view) in expected {
                let other = try made.tensor(name)
                #expect(other.shape == view.shape && other.dtype == view.dtype, "\(name)")
            }
        }
    }

    /// Totals of the published model's parts, computed by hand from its shapes.
    @Test func countsTheRealModelsParameters() {
        let shape = SyntheticShape.eightBillion
        let layout = Layout(
            language: shape.language, languagePrefix: "language_model.", vision: shape.vision,
            projector: shape.projector)
        var sums: [Layout.Part: Int] = [:]
        for entry in layout.entries {
            switch entry.kind {
            case .dense(let extents): sums[entry.part, default: 0] += extents.count
            case .linear(let outputs, let inputs, let bias, _):
                sums[entry.part, default: 0] += outputs * inputs + (bias ? outputs : 0)
            }
        }
        #expect(sums[.decoder] == 6_979_321_856)
        #expect(sums[.embeddings] == 526_385_152 && sums[.head] == 526_385_152)
        #expect(sums[.norms] == 266_240)
        #expect(sums[.vision] == 651_642_880)
        #expect(sums[.projector] == 37_767_168)
        // 3.490 GB of codes, 0.436 GB of block scales and 3.485 GB of BF16.
        let bytes = SyntheticCheckpoint(shape: shape, format: .nvfp4, seed: 0).byteCount
        #expect(abs(bytes - 7_410_000_000) < 5_000_000)
    }

    @Test func sameSeedSameBytes() throws {
        let folder = try TemporaryFolder()
        var files: [Data] = []
        for (index, seed) in [UInt64(3), 3, 4].enumerated() {
            let url = folder.url.appending(path: "\(index)")
            try SyntheticCheckpoint(shape: .tiny, format: .nvfp4, seed: seed).write(to: url)
            files.append(try Data(contentsOf: url.appending(path: "model.safetensors")))
        }
        #expect(files[0] == files[1])
        #expect(files[0] != files[2])
    }

    @Test(arguments: SyntheticFormat.allCases)
    func weightsKeepTheSizeOfTheirInputs(format: SyntheticFormat) throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "model")
        try SyntheticCheckpoint(shape: .tiny, format: format, seed: 1).write(to: url)
        let opened = try CheckpointFolder(at: url)
        let path = "language_model.model.layers.0.mlp.down_proj"
        let values: [Float] =
            switch try opened.matrix(path, outputs: 128, inputs: 256) {
            case .dense(let view): try #require(view.floats())
            case .fp8(let view, let scale, _): try #require(view.floats()).map { $0 * scale }
            case .nvfp4(let packed, let scales, let globalScale, _):
                NVFP4.dequantize(packed: packed.bytes, scales: scales.bytes, globalScale: globalScale)
            }
        let mean = values.reduce(0, +) / Float(values.count)
        let deviation = (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
        // 32768 values of deviation 1/16: the mean's own deviation is 0.0003, the deviation's about 0.5 %.
        #expect(abs(mean) < 0.0015)
        #expect(abs(deviation * 16 - 1) < 0.03)
        let norm = try opened.vector("language_model.model.norm.weight", count: 128)
        #expect(norm.allSatisfy { $0 > 0.89 && $0 < 1.11 })
    }

    @Test func refusesToOverwrite() throws {
        let folder = try TemporaryFolder()
        let synthetic = SyntheticCheckpoint(shape: .tiny, format: .bf16, seed: 1)
        let url = folder.url.appending(path: "model")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        try synthetic.write(to: url)
        let reason = "it exists and is not an empty folder; remove it or name another"
        #expect(throws: CheckpointError.writing(url.path, reason: reason)) { try synthetic.write(to: url) }
        let file = folder.url.appending(path: "file")
        try Data("x".utf8).write(to: file)
        #expect(throws: CheckpointError.writing(file.path, reason: reason)) { try synthetic.write(to: file) }
        #expect(throws: CheckpointError.self) { try synthetic.write(to: file.appending(path: "below")) }
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder.url.path)) == ["file", "model"])
    }

    @Test func vocabularyIsAValidByteLevelBPE() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "model")
        try SyntheticCheckpoint(shape: .tiny, format: .bf16, seed: 1).write(to: url)
        let data = try Data(contentsOf: url.appending(path: "tokenizer.json"))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let model = try #require(object["model"] as? [String: Any])
        let vocabulary = try #require(model["vocab"] as? [String: Int])
        let merges = try #require(model["merges"] as? [[String]])
        #expect(vocabulary.count == 447)
        #expect(Set(vocabulary.values) == Set(0..<447))
        #expect(merges.count == 447 - 256)
        for (rank, pair) in merges.enumerated() {
            let left = try #require(vocabulary[pair[0]])
            let right = try #require(vocabulary[pair[1]])
            #expect(max(left, right) < 256 + rank)
            #expect(vocabulary[pair[0] + pair[1]] == 256 + rank)
        }
        #expect(
            vocabulary["!"] == 0 && vocabulary["A"] == 32 && vocabulary["\u{120}"] == 220
                && vocabulary["\u{10A}"] == 198)
        let added = try #require(object["added_tokens"] as? [[String: Any]])
        #expect(added.compactMap { $0["id"] as? Int } == Array(447..<480))
        #expect(added.compactMap { $0["content"] as? String }[9] == "<|eot_id|>")
        #expect(added.compactMap { $0["content"] as? String }[24] == "<image>")
    }
}
