// Sources that cannot be quantised and destinations that cannot be written: clear errors, and nothing left behind.

import Checkpoint
import Foundation
import Numerics
import Quantization
import TestSupport
import Testing

struct BadSourceTests {
    private func quantize(_ url: URL, to destination: URL) throws -> QuantizationReport {
        try CheckpointQuantizer(CheckpointFolder(at: url), CheckpointQuantizer.Options(recipe: .max))
            .write(to: destination, calibration: nil)
    }

    /// A copy of the BF16 folder with some bytes of a tensor replaced.
    private func broken(_ tensor: String, at element: Int, bits: UInt16) throws -> TemporaryFolder {
        let folder = try TemporaryFolder(copying: Goldens.checkpoint("bf16"))
        let url = folder.url.appending(path: "model.safetensors")
        let view = try SafetensorsFile(mapping: url).tensor(tensor)
        var data = try Data(contentsOf: url)
        let range = try #require(data.range(of: Data(view.bytes)))
        withUnsafeBytes(of: bits.littleEndian) {
            data.replaceSubrange(range.lowerBound + element * 2..<range.lowerBound + element * 2 + 2, with: $0)
        }
        try FileManager.default.removeItem(at: url)
        try data.write(to: url)
        return folder
    }

    @Test(arguments: [(UInt16(0x7FC0), "nan"), (0x7F80, "inf"), (0xFF80, "-inf")])
    func namesTheWeightThatIsNotFinite(bits: UInt16, value: String) throws {
        let name = "language_model.model.layers.1.mlp.up_proj.weight"
        let folder = try broken(name, at: 128 * 7 + 5, bits: bits)
        let place = try TemporaryFolder()
        #expect(
            throws: QuantizationError.notFinite(
                tensor: name, file: folder.url.appending(path: "model.safetensors").path, value: value, row: 7,
                column: 5)
        ) { try quantize(folder.url, to: place.url.appending(path: "out")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.url.path) == [])
    }

    @Test func refusesWhatIsQuantised() throws {
        let place = try TemporaryFolder()
        let error = #expect(throws: QuantizationError.self) {
            try quantize(Goldens.checkpoint("nvfp4"), to: place.url.appending(path: "out"))
        }
        #expect(error?.description.contains("NVFP4") == true)
        #expect(error?.isFaultOfModel == true)
    }

    /// A text-only model whose rows are not whole blocks of 16.
    @Test func refusesInputsThatAreNotWholeBlocks() throws {
        let source = try TextModel(hidden: 24, feedForward: 40)
        let place = try TemporaryFolder()
        let error = #expect(throws: QuantizationError.self) {
            try quantize(source.folder.url, to: place.url.appending(path: "out"))
        }
        #expect(
            error
                == .inputs(
                    tensor: "model.layers.0.self_attn.q_proj.weight",
                    file: source.folder.url.appending(path: "model.safetensors").path, inputs: 24))
    }

    @Test func quantisesATextModelAndAWeightOfZeros() throws {
        let source = try TextModel(hidden: 32, feedForward: 48, zeroPath: "model.layers.0.self_attn.o_proj.weight")
        let place = try TemporaryFolder()
        let url = place.url.appending(path: "out")
        let report = try quantize(source.folder.url, to: url)
        #expect(report.layers.filter(\.isZero).map(\.path) == ["model.layers.0.self_attn.o_proj"])
        let made = try CheckpointFolder(at: url)
        #expect(made.manifest?.excluded == ["lm_head"])
        #expect(Verification(of: url).faults == [])
        let view = try made.tensor("model.layers.0.self_attn.o_proj.weight")
        #expect(view.dtype == .u8 && view.array.allSatisfy { $0 == 0 })
    }

    // MARK: Destinations

    @Test func leavesAFullFolderAlone() throws {
        let place = try TemporaryFolder()
        try Data("mine".utf8).write(to: place.url.appending(path: "notes.txt"))
        let error = #expect(throws: QuantizationError.self) {
            try quantize(Goldens.checkpoint("bf16"), to: place.url)
        }
        #expect(error?.description.contains("not an empty folder") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.url.path) == ["notes.txt"])
    }

    @Test func writesIntoAnEmptyFolderAndRefusesUnderAFile() throws {
        let place = try TemporaryFolder()
        let empty = place.url.appending(path: "empty")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: false)
        _ = try quantize(Goldens.checkpoint("bf16"), to: empty)
        #expect(try CheckpointFolder(at: empty).manifest != nil)
        let file = place.url.appending(path: "file")
        try Data().write(to: file)
        #expect(throws: QuantizationError.self) {
            try quantize(Goldens.checkpoint("bf16"), to: file.appending(path: "out"))
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs a small file system"))
    func reportsWhatCannotBeWritten() throws {
        // No folder can be made here, whoever runs the test.
        let error = #expect(throws: QuantizationError.self) {
            try quantize(Goldens.checkpoint("bf16"), to: URL(filePath: "/dev/full/out"))
        }
        #expect(error?.description.contains("/dev/full/out") == true)
    }
}

/// A one-layer `LlamaForCausalLM` in BF16 of any sizes, with the golden set's tokenizer.
struct TextModel {
    let folder: TemporaryFolder

    init(hidden: Int, feedForward: Int, heads: Int = 1, zeroPath: String? = nil) throws {
        folder = try TemporaryFolder()
        let golden = Goldens.checkpoint("bf16")
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            try FileManager.default.copyItem(at: golden.appending(path: name), to: folder.url.appending(path: name))
        }
        let config = """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": \(hidden), \
            "intermediate_size": \(feedForward), "num_hidden_layers": 1, "num_attention_heads": \(heads), \
            "num_key_value_heads": \(heads), "head_dim": \(hidden / heads), "vocab_size": 512, "rms_norm_eps": 1e-05, \
            "rope_theta": 10000.0, "max_position_embeddings": 1024, "tie_word_embeddings": false, "eos_token_id": 2}
            """
        try Data(config.utf8).write(to: folder.url.appending(path: "config.json"))
        var random = SeededGenerator(state: 1)
        let layout = Layout(
            language: LlamaShape(
                hidden: hidden, layers: 1, heads: heads, keyValueHeads: heads,
                headDimension: hidden / heads, feedForward: feedForward,
                vocabulary: 512, tiesEmbeddings: false), languagePrefix: "")
        let tensors = layout.entries.map { entry in
            switch entry.kind {
            case .linear(let outputs, let inputs, _, _):
                TensorDeclaration(name: entry.path + ".weight", dtype: .bf16, shape: [outputs, inputs])
            case .dense(let shape): TensorDeclaration(name: entry.path, dtype: .bf16, shape: shape)
            }
        }
        let writer = try SafetensorsWriter(to: folder.url.appending(path: "model.safetensors"), tensors: tensors)
        for tensor in writer.order {
            let bits = (0..<tensor.shape.count).map { _ in
                tensor.name == zeroPath ? 0 : BFloat16(Float(random.normal())).bits
            }
            try bits.withUnsafeBytes { try writer.append($0) }
        }
        try writer.finish()
    }
}
