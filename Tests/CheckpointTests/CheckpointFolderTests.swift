// Whole folders: the tiny ones exported by ModelOpt, against figures computed by ModelOpt and vLLM.

import Checkpoint
import Foundation
import Numerics
import TestSupport
import Testing

struct CheckpointFolderTests {
    @Test(arguments: ["bf16", "nvfp4"])
    func opensShippedFolder(name: String) throws {
        let folder = try CheckpointFolder(at: Goldens.checkpoint(name))
        #expect(folder.warnings == [])
        #expect(folder.languagePrefix == "language_model.")
        #expect(
            folder.language
                == LlamaShape(
                    hidden: 128, layers: 2, heads: 4, keyValueHeads: 2, headDimension: 32, feedForward: 256,
                    vocabulary: 512, tiesEmbeddings: false))
        #expect(
            folder.vision
                == VisionShape(
                    width: 64, depth: 2, heads: 4, mlpWidth: 256, prefixTokens: 8, positionGrid: 16, patch: 16,
                    hasFinalNorm: false, hasLayerScale: false, hasFeatureNormalizer: false))
        #expect(folder.projector == ProjectorShape(inputs: 256, hidden: 160, outputs: 128))
        #expect(folder.tokenizer.highestID == 479)
        let vision = try #require(folder.configuration.vision)
        #expect(vision.tileSize == 64)
        #expect(vision.tokensPerTile == 4)
        #expect(vision.pixelShuffle == .v2)
        #expect(vision.maxTiles == 12)
        #expect(vision.usesThumbnail)
        #expect(folder.configuration.endTokens == [448, 455, 456])
        #expect(folder.configuration.tokenizer.endToken == "<|eot_id|>")
        #expect(
            folder.configuration.language.ropeScaling
                == .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 64))
        #expect(folder.configuration.language.ropeTheta == 500_000)
        #expect(try folder.vector("language_model.model.norm.weight", count: 128).count == 128)
        #expect(try folder.keyValueScales(layer: 0) == nil)
    }

    @Test(
        .enabled(if: Goldens.full != nil, "needs the full golden set"),
        arguments: ["bf16", "bf16-sharded", "nvfp4", "nvfp4-sharded", "nvfp4-kvfp8"])
    func opensEveryGoldenFolder(name: String) throws {
        let folder = try CheckpointFolder(at: #require(Goldens.full).appending(path: "ckpt/\(name)"))
        #expect(folder.warnings == [])
        #expect(folder.manifest?.algorithm == (name.hasPrefix("nvfp4") ? .nvfp4 : nil))
        #expect(folder.manifest?.keyValueCache == (name == "nvfp4-kvfp8" ? "FP8" : nil))
        #expect(folder.store.files.count == (name.hasSuffix("sharded") ? 3 : 1))
        let scales = try folder.keyValueScales(layer: 1)
        #expect(scales?.key == (name == "nvfp4-kvfp8" ? 1 : nil))
        #expect(scales?.value == (name == "nvfp4-kvfp8" ? 1 : nil))
    }

    @Test(
        .enabled(if: Goldens.full != nil, "needs the full golden set"), arguments: ["nvfp4", "nvfp4-sharded"])
    func dequantisesLikeModelOpt(name: String) throws {
        let root = try #require(Goldens.full)
        let folder = try CheckpointFolder(at: root.appending(path: "ckpt/\(name)"))
        let golden = try SafetensorsFile(mapping: root.appending(path: "nvfp4/dequant_layer0.safetensors"))
        #expect(golden.names.count == 7)
        for name in golden.names {
            let expected = try golden.tensor(name)
            let matrix = try folder.matrix(
                "language_model." + name, outputs: expected.shape[0], inputs: expected.shape[1])
            let values = try #require(Self.dequantized(matrix))
            #expect(values.map(\.bitPattern) == expected.floats()?.map(\.bitPattern), "\(name)")
        }
    }

    static func dequantized(_ matrix: StoredMatrix) -> [Float]? {
        guard case .nvfp4(let packed, let scales, let globalScale, _) = matrix else { return nil }
        return NVFP4.dequantize(packed: packed.bytes, scales: scales.bytes, globalScale: globalScale)
    }
}
