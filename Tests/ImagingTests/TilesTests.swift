import Checkpoint
import Foundation
import Imaging
import TestSupport
import Testing

/// Tile bytes against vLLM's `LlamaNemotronNanoVLImageProcessor`.
@Suite struct TilesTests {
    private func tiles(_ name: String, _ cut: Fixture.Preprocessed.Cut) throws -> Tiles {
        let image = try Fixture.decode(name)
        let plan = try TilePlan(
            width: image.width, height: image.height, tileSize: cut.image_size, maxTiles: cut.max_num_tiles,
            useThumbnail: true)
        #expect([plan.columns, plan.rows] == cut.grid_cols_rows, "\(name)")
        #expect(plan.tiles == cut.tiles, "\(name)")
        return Tiles(image, plan: plan)
    }

    @Test func everyByteOfEveryImage() throws {
        let figures = try #require(Fixture.preprocessed)
        for (name, figure) in figures {
            for cut in [figure.tiny, figure.real] {
                let tiles = try tiles(name, cut)
                #expect(tiles.count == cut.tiles)
                #expect(sha256(tiles.bytes) == cut.sha256_u8_NCHW, "\(name) at \(cut.image_size)")
            }
        }
    }

    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func goldenTilesAreEqual() throws {
        let goldens = try #require(Goldens.full)
        let figures = try #require(Fixture.preprocessed)
        let file = try SafetensorsFile(mapping: goldens.appending(path: "preprocess/vllm_tiles.safetensors"))
        for name in file.names where !name.contains("f32") {
            let image = String(name.prefix { $0 != "#" })
            let tiles = try tiles(image, try #require(figures[image]).tiny)
            let golden = try file.tensor(name)
            #expect(golden.shape.extents == [tiles.count, 3, tiles.side, tiles.side], "\(name)")
            #expect(tiles.bytes.elementsEqual(golden.bytes), "\(name)")
        }
    }

    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func goldenTilesOfRealSizeAreEqual() throws {
        let goldens = try #require(Goldens.full)
        let figures = try #require(Fixture.preprocessed)
        let file = try SafetensorsFile(mapping: goldens.appending(path: "preprocess/vllm_tiles512_sub8.safetensors"))
        #expect(file.names.count == 5)
        for name in file.names {
            let image = String(name.prefix { $0 != "#" })
            let tiles = try tiles(image, try #require(figures[image]).real)
            let golden = try file.tensor(name)
            #expect(golden.shape.extents == [tiles.count, 3, 64, 64], "\(name)")
            // Every eighth pixel from (3, 3).
            let sampled = (0..<3 * tiles.count).flatMap { plane in
                stride(from: 3, to: 512, by: 8).flatMap { y in
                    stride(from: 3, to: 512, by: 8).map { x in tiles.bytes[(plane * 512 + y) * 512 + x] }
                }
            }
            #expect(sampled.elementsEqual(golden.bytes), "\(name)")
        }
    }

    @Test func tilesAreRowMajorAndTheThumbnailIsLast() throws {
        // Each quarter of the picture has a colour of its own.
        let side = 32
        let pixels = (0..<64 * 96).flatMap { index -> [UInt8] in
            let (x, y) = (index % 96, index / 96)
            return [UInt8(x / side * 40 + y / side * 120), 7, 9]
        }
        let image = PixelImage(width: 96, height: 64, pixels: pixels)
        let plan = try TilePlan(width: 96, height: 64, tileSize: side, maxTiles: 6, useThumbnail: true)
        #expect((plan.columns, plan.rows, plan.tiles) == (3, 2, 7))
        let tiles = Tiles(image, plan: plan)
        for tile in 0..<6 {
            let plane = tiles.bytes[tile * 3 * side * side..<(tile * 3 + 1) * side * side]
            #expect(plane.allSatisfy { $0 == UInt8(tile % 3 * 40 + tile / 3 * 120) }, "tile \(tile)")
        }
        let thumbnail = PillowResize.resize(image, width: side, height: side)
        let last = 6 * 3 * side * side
        #expect((0..<side * side).allSatisfy { tiles.bytes[last + $0] == thumbnail.pixels[3 * $0] })
        #expect((0..<side * side).allSatisfy { tiles.bytes[last + 2 * side * side + $0] == 9 })
    }
}
