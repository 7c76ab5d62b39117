// Files written here are compared byte for byte with those that Hugging Face's library wrote.

import Checkpoint
import Foundation
import Numerics
import TestSupport
import Testing

struct SafetensorsWriterTests {
    private func declarations(_ file: SafetensorsFile) throws -> [TensorDeclaration] {
        try file.names.shuffled().map {
            let view = try file.tensor($0)
            return TensorDeclaration(name: $0, dtype: view.dtype, shape: view.shape)
        }
    }

    private func rewritten(_ source: URL) throws -> Bool {
        let folder = try TemporaryFolder()
        let file = try SafetensorsFile(mapping: source)
        let copy = folder.url.appending(path: "copy.safetensors")
        let writer = try SafetensorsWriter(to: copy, tensors: declarations(file), metadata: file.metadata)
        for tensor in writer.order { try writer.append(file.tensor(tensor.name).bytes) }
        #expect(!FileManager.default.fileExists(atPath: copy.path))
        try writer.finish()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["copy.safetensors"])
        return try Data(contentsOf: source) == Data(contentsOf: copy)
    }

    @Test(arguments: ["bf16", "nvfp4"])
    func rewritesShippedFileByteForByte(name: String) throws {
        #expect(try rewritten(Goldens.checkpoint(name).appending(path: "model.safetensors")))
    }

    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func rewritesGoldenFilesByteForByte() throws {
        let root = try #require(Goldens.full)
        for name in [
            "ckpt/nvfp4-kvfp8/model.safetensors", "ckpt/bf16-sharded/model-00002-of-00003.safetensors",
            "nvfp4/activation_cases.safetensors", "nvfp4/quantizer_modelopt_0.37.0.safetensors",
            "preprocess/vllm_tiles.safetensors", "llama/inputs.safetensors",
        ] {
            #expect(try rewritten(root.appending(path: name)), "\(name)")
        }
    }

    @Test func shardsAreCutAtTheLimitAndOpenAsOneFolder() throws {
        let source = Goldens.checkpoint("nvfp4")
        let file = try SafetensorsFile(mapping: source.appending(path: "model.safetensors"))
        let tensors = try declarations(file).sorted { $0.name < $1.name }
        let folder = try TemporaryFolder(copying: source)
        try FileManager.default.removeItem(at: folder.url.appending(path: "model.safetensors"))
        let writer = try ShardedWriter(folder: folder.url, tensors: tensors, limit: 320_000)
        for tensor in writer.order {
            // Pieces of odd sizes.
            var rest = try file.tensor(tensor.name).bytes[...]
            while !rest.isEmpty {
                try writer.append(UnsafeRawBufferPointer(rebasing: rest.prefix(1013)))
                rest = rest.dropFirst(1013)
            }
        }
        try writer.finish()
        let opened = try CheckpointFolder(at: folder.url)
        #expect(opened.warnings == [])
        #expect(
            opened.store.files.map { URL(filePath: $0.path).lastPathComponent }
                == (1...3).map {
                    "model-0000\($0)-of-00003.safetensors"
                })
        for name in file.names { #expect(try opened.tensor(name).bytes.elementsEqual(file.tensor(name).bytes)) }
        // Greedy: no shard is over the limit, and none has room for the first tensor of the next.
        let sizes = opened.store.files.map { $0.tensors.values.reduce(0) { $0 + $1.bytes.count } }
        #expect(sizes.allSatisfy { $0 <= 320_000 })
        for (index, shard) in opened.store.files.enumerated().dropFirst() {
            let first = try #require(shard.names.min())
            #expect(try sizes[index - 1] + shard.tensor(first).bytes.count > 320_000)
        }
    }

    @Test func writesTheIndexAsSavePretrainedDoes() throws {
        let folder = try TemporaryFolder()
        let tensors = ["b", "a"].map { TensorDeclaration(name: $0, dtype: .u8, shape: [2]) }
        let writer = try ShardedWriter(folder: folder.url, tensors: tensors, limit: 3)
        try [UInt8](repeating: 0, count: 4).withUnsafeBytes { try writer.append($0) }
        try writer.finish()
        let text = try String(contentsOf: folder.url.appending(path: ShardIndex.fileName), encoding: .utf8)
        #expect(
            text == """
                {
                  "metadata": {
                    "total_size": 4
                  },
                  "weight_map": {
                    "a": "model-00002-of-00002.safetensors",
                    "b": "model-00001-of-00002.safetensors"
                  }
                }

                """)
    }

    @Test func leavesNothingBehindWhenAbandoned() throws {
        let folder = try TemporaryFolder()
        let tensor = TensorDeclaration(name: "a", dtype: .f32, shape: [4])
        do {
            let writer = try SafetensorsWriter(to: folder.url.appending(path: "a.safetensors"), tensors: [tensor])
            try [Float](repeating: 0, count: 3).withUnsafeBytes { try writer.append($0) }
            #expect(throws: CheckpointError.self) { try writer.finish() }
            #expect(throws: CheckpointError.self) {
                try [Float](repeating: 0, count: 2).withUnsafeBytes { try writer.append($0) }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test func refusesWhatCannotBeRead() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "a.safetensors")
        let tensor = TensorDeclaration(name: "a", dtype: .f32, shape: [4])
        #expect(throws: CheckpointError.writing(url.path, reason: "the tensor name 'a' is taken")) {
            try SafetensorsWriter(to: url, tensors: [tensor, tensor])
        }
        let huge = TensorDeclaration(name: "h", dtype: .f64, shape: [1 << 62, 4])
        #expect(throws: CheckpointError.writing(url.path, reason: "tensor 'h' [4611686018427387904, 4] is too large")) {
            try SafetensorsWriter(to: url, tensors: [huge])
        }
        let absent = folder.url.appending(path: "no/such/folder/a.safetensors")
        #expect(throws: CheckpointError.writing(absent.path, reason: "no such file or directory")) {
            try SafetensorsWriter(to: absent, tensors: [tensor])
        }
        // Sixteen exabytes are more than any disk here.
        #expect(throws: CheckpointError.self) {
            try SafetensorsWriter(to: url, tensors: [TensorDeclaration(name: "h", dtype: .u8, shape: [1 << 62])])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test func escapesNamesAndKeepsEmptyTensors() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "a.safetensors")
        let names = ["\"quoted\"\\", "tab\tline\n\u{1}", "Ünïcode 😀"]
        let tensors = names.map { TensorDeclaration(name: $0, dtype: .u8, shape: [0, 3]) }
        try SafetensorsWriter(to: url, tensors: tensors, metadata: [:]).finish()
        let file = try SafetensorsFile(mapping: url)
        #expect(Set(file.names) == Set(names))
        #expect(file.metadata.isEmpty)
        #expect(try file.tensor(names[0]).shape == [0, 3])
    }
}
