import Checkpoint
import Compute
import Model
import Synchronization
import TestSupport
import Testing

/// The encoder and projector against NVlabs RADIO in float32; bounds from the golden set's README.
struct VisionGoldenTests {
    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func positionTablesEqualTheReferencesAtEveryGrid() throws {
        for (file, alignCorners) in [("steps_wide_text_tile1", false), ("align_corners_true", true)] {
            let goldens = try goldenTensors("vision/\(file).safetensors")
            let folder = try CheckpointFolder(at: Goldens.file("ckpt/bf16"))
            let shape = try #require(folder.vision)
            let table = try (WeightScope(folder) / "vision_model.radio_model.model.patch_generator")
                .table("pos_embed", [1, shape.positionGrid * shape.positionGrid, shape.width])
            var compared = 0
            for name in goldens.names where name.contains("cpe_") {
                let size = name.split(separator: "cpe_").last?.split(separator: "x").compactMap { Int($0) } ?? []
                guard size.count == 2, size[0] == size[1] else { continue }
                let found = PositionTable(
                    resampling: table.array(), grid: shape.positionGrid, width: shape.width, to: size[0],
                    alignCorners: alignCorners)
                #expect(distance(found.values, try goldens.floats(name)) < 3e-6, "\(name)")
                compared += 1
            }
            #expect(compared > 0, "\(file) names square grids")
        }
    }

    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func everyStepOfOneTileIsRight() throws {
        let goldens = try goldenTensors("vision/steps_wide_text_tile1.safetensors")
        let tiles = try goldenTensors("preprocess/vllm_tiles.safetensors").tensor("wide_text.png")
        let model = try goldenModel("bf16")
        let pixels = try goldens.floats("pixel_values")
        let bytes = pixels.map { UInt8(($0 * 255).rounded()) }
        #expect(tiles.bytes.count >= bytes.count)
        let seen = Mutex<[String: [Float]]>([:])
        let trace = Trace { name, value in seen.withLock { $0[name] = value.array() } }
        _ = try model.embed(tiles: 1, pixels: bytes, on: ReferenceBackend(), trace: trace)
        let found = seen.withLock { $0 }
        for name in [
            "im2patches", "patch_embed", "block_in", "block0.norm1", "block0.attn", "block0.out", "block1.norm1",
            "block1.attn", "block1.out", "pixel_shuffled", "mlp1.0", "mlp1.1", "mlp1.2", "mlp1.3",
        ] {
            #expect(distance(try #require(found[name]), try goldens.floats(name)) < 3e-5, "\(name)")
        }
    }

    @Test(arguments: [false, true])
    func embeddingsAreRight(alignCorners: Bool) throws {
        let goldens = try goldenTensors(
            alignCorners ? "vision/align_corners_true.safetensors" : "vision/embeds.safetensors")
        let tiles = try goldenTensors("preprocess/vllm_tiles.safetensors")
        let model = try goldenModel("bf16", alignCorners: alignCorners)
        let images = goldens.cases("#embeds")
        #expect(images.count == 10)
        for image in images {
            let view = try tiles.tensor(image)
            let found = try model.embed(
                tiles: view.shape[0], pixels: Array(view.bytes), on: try CPUBackend(precision: .f32))
            #expect(distance(found.array(), try goldens.floats(image + "#embeds")) < 3e-5, "\(image)")
        }
    }

    @Test func theEpsilonOfEveryNormIsRight() throws {
        let goldens = try goldenTensors("vision/norm_eps_cases.safetensors")
        let model = try goldenModel("bf16")
        let vision = try #require(model.vision)
        let backend = try CPUBackend(precision: .f32)
        let names = goldens.cases("#x")
        #expect(names.count == 12)
        for name in names {
            let view = try goldens.tensor(name + "#x")
            let x = Tensor(try goldens.floats(name + "#x"), shape: view.shape)
            let found =
                if name.hasPrefix("mlp1") {
                    try vision.projector.project(x, on: backend)
                } else if name.hasPrefix("vit") {
                    try vision.encoder.blocks[0].norm1.input(x).rows(on: backend)
                } else {
                    try backend.rmsNorm(x, weight: model.language.norm, epsilon: model.language.normEpsilon)
                }
            #expect(distance(found.array(), try goldens.floats(name + "#y")) < 3e-5, "\(name)")
        }
    }
}
