// Bytes and operations of the tiny shipped checkpoints, counted by hand from their shapes.

import Benchmarking
import Checkpoint
import Compute
import Foundation
import TestSupport
import Testing

struct ModelCostTests {
    // hidden 128, 2 layers, 4 query and 2 key-value heads of 32, feed-forward 256, vocabulary 512.
    // q, o: 128 x 128; k, v: 64 x 128; gate, up, down: 256 x 128.
    private let decoderParameters = 2 * (2 * 128 * 128 + 2 * 64 * 128 + 3 * 256 * 128)
    private let headParameters = 512 * 128

    private func cost(_ name: String, _ precision: Precision = .w4a4) throws -> ModelCost {
        try ModelCost(CheckpointFolder(at: Goldens.checkpoint(name)), precision: precision, isa: .avx512)
    }

    @Test func countsBytesOfEachFormat() throws {
        let wide = try cost("bf16")
        #expect(wide.decoderBytes == 2 * decoderParameters)
        #expect(wide.headBytes == 2 * headParameters)
        #expect(wide.largestLogitBytes == wide.headBytes)  // 512 outputs are too few for a copy
        #expect(wide.embeddingRowBytes == 2 * 128)
        // Half a byte an element and one scale byte for sixteen.
        #expect(try cost("nvfp4").decoderBytes == decoderParameters / 2 + decoderParameters / 16)
    }

    @Test func decodeReadsWeightsOnceAndEachCache() throws {
        let cost = try cost("nvfp4")
        #expect(cost.tokenBytes(.bf16) == 512)
        let one = cost.decodeBytes(context: 100, sequences: 1, keyValueType: .bf16)
        #expect(one == cost.decoderBytes + cost.headBytes + 256 + 100 * 512)
        let three = cost.decodeBytes(context: 100, sequences: 3, keyValueType: .f32)
        #expect(three == cost.decoderBytes + cost.headBytes + 3 * (256 + 100 * 1024))
    }

    @Test func instructionsFollowTheFormat() throws {
        let quantized = try cost("nvfp4").decoderOperations
        #expect(quantized.byInstruction == [.int8512: 2 * decoderParameters])
        #expect(try cost("nvfp4", .w4a16).decoderOperations.byInstruction == [.bfloat512: 2 * decoderParameters])
        #expect(try cost("bf16").decoderOperations.byInstruction == [.bfloat512: 2 * decoderParameters])
        #expect(try cost("bf16", .f32).decoderOperations.byInstruction == [.fma512: 2 * decoderParameters])
    }

    @Test func prefillCountsLinearsHeadAndCausalPairs() throws {
        let count = try cost("nvfp4").prefillOperations(tokens: 10)
        let linears = 10 * 2 * decoderParameters
        // 55 pairs, score and weighted sum of 2 operations an element: 2 layers, 4 heads, 32 elements.
        let attention = 55 * 4 * 2 * 4 * 32
        let head = 2 * headParameters
        #expect(count.byInstruction[.int8512] == linears)
        #expect(count.byInstruction[.bfloat512] == attention + head)
        #expect(count.total == linears + attention + head)
        #expect(count.mostly == .int8512)
    }

    @Test func tileCountsEncoderAndProjector() throws {
        // 64-pixel tiles of 4 x 4 patches of 16 and 8 prefix tokens: 24 rows; width 64, depth 2, mlp 256; 4 merged
        // tokens through 256 -> 160 -> 128.
        let embedder = 16 * 2 * 64 * 768
        let blocks = 2 * 24 * 2 * (3 * 64 * 64 + 64 * 64 + 2 * 256 * 64)
        let attention = 2 * 4 * 24 * 24 * 64
        let projector = 4 * 2 * (256 * 160 + 160 * 128)
        let tile = try #require(try cost("bf16").tileOperations)
        let sum = embedder + blocks + attention + projector
        #expect(tile.byInstruction == [.bfloat512: sum])
        #expect(tile.times(13).total == 13 * sum)
    }

    @Test func floorAddsInstructions() throws {
        var count = OperationCount()
        #expect(count.floor { _ in 1 } == nil)
        #expect(count.mostly == nil)
        count.add(100, by: .int8512)
        count.add(60, by: .bfloat512)
        #expect(count.floor { $0 == .int8512 ? 50 : 20 } == 5)
        #expect(count.floor { $0 == .int8512 ? 50 : nil } == nil)
        #expect((count + count).total == 320)
    }
}
