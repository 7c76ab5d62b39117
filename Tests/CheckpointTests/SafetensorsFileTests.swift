// Reading golden files, and figures known from their README.

import Checkpoint
import Foundation
import Numerics
import TestSupport
import Testing

struct SafetensorsFileTests {
    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func opensEveryGoldenFile() throws {
        let root = try #require(Goldens.full)
        let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
            .compactMap { $0 as? URL }.filter { $0.pathExtension == "safetensors" }
        #expect(files.count > 30)
        for url in files {
            let file = try SafetensorsFile(mapping: url)
            #expect(!file.names.isEmpty)
            #expect(file.names.count == file.tensors.count)
            for name in file.names {
                let view = try file.tensor(name)
                #expect(view.bytes.count == view.shape.count * view.dtype.size)
            }
        }
    }

    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func readsNamesTypesAndValues() throws {
        let root = try #require(Goldens.full)
        let file = try SafetensorsFile(mapping: root.appending(path: "ckpt/nvfp4/model.safetensors"))
        #expect(file.metadata == ["format": "pt"])
        let packed = try file.tensor("language_model.model.layers.0.mlp.down_proj.weight")
        #expect(packed.dtype == .u8)
        #expect(packed.shape == [128, 128])
        let scale = try file.tensor("language_model.model.layers.0.mlp.down_proj.weight_scale_2")
        #expect(scale.shape == [])
        #expect(try #require(scale.floats()).count == 1)
        let mean = try #require(try file.tensor("vision_model.radio_model.input_conditioner.norm_mean").floats())
        #expect(mean == [0.48145466, 0.4578275, 0.40821073])
        #expect(throws: CheckpointError.self) { try file.tensor("absent") }
    }
}
