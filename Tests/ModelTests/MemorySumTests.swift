import Checkpoint
import Compute
import Model
import Numerics
import TestSupport
import Testing

struct MemorySumTests {
    private func counted(
        context: Int = 1024, _ type: DType = .bf16, copiesHead: Bool = false, embeddings: Int = 0, tiles: Int = 0
    ) throws -> MemorySum {
        MemorySum(
            try CheckpointFolder(at: Goldens.checkpoint("nvfp4")), context: context, keyValueType: type,
            prefillChunk: 512,
            copiesHead: copiesHead, keptEmbeddings: embeddings, keptTiles: tiles)
    }

    @Test func theCacheIsCountedByItsShapeAndType() throws {
        for (type, bytes) in [(DType.f32, 4), (.bf16, 2), (.f8e4m3, 1)] {
            let sum = try counted(type)
            // 2 layers, keys and values, 2 key-value heads of 32.
            #expect(sum.keyValueCache == 1024 * 2 * 2 * 2 * 32 * bytes)
            #expect(sum.total == sum.weights + sum.anonymous)
        }
    }

    @Test func theCopyOfTheHeadIsCountedWhereThereIsOne() throws {
        let folder = try CheckpointFolder(at: Goldens.checkpoint("nvfp4"))
        let sums = try [false, true].map { try counted(copiesHead: $0) }
        let bytes = CPUBackend.screeningBytes(outputs: folder.language.vocabulary, inputs: folder.language.hidden)
        #expect(sums[0].headCopy == 0)
        #expect(sums[1].total - sums[0].total == bytes)
        #expect(CPUBackend.screeningBytes(outputs: 128_256, inputs: 4096) >= 128_256 * 4096)
    }

    @Test func imagesThatAreKeptAreCounted() throws {
        let kept = try counted(embeddings: 3 << 20, tiles: 5 << 20)
        #expect(try kept.anonymous - counted().anonymous == 8 << 20)
        let short = HostMemory(total: 1 << 34, available: kept.anonymous - 1)
        #expect(try counted().obstacle(in: short) == nil)
        #expect(kept.obstacle(in: short)?.contains(Bytes.text(8 << 20)) == true)
    }

    @Test func whatDoesNotFitIsSaidWithTheSums() throws {
        let sum = try counted(context: 16_384)
        #expect(sum.obstacle(in: HostMemory(total: 1 << 34, available: sum.anonymous)) == nil)
        let obstacle = try #require(sum.obstacle(in: HostMemory(total: 1 << 34, available: 1 << 20)))
        for part in [Bytes.text(sum.anonymous), Bytes.text(sum.keyValueCache), Bytes.text(1 << 20)] {
            #expect(obstacle.contains(part), "\(obstacle)")
        }
    }
}
