import Checkpoint
import Compute
import Model
import Numerics
import TestSupport
import Testing

struct MemorySumTests {
    @Test func theCacheIsCountedByItsShapeAndType() throws {
        let folder = try CheckpointFolder(at: Goldens.checkpoint("nvfp4"))
        for (type, bytes) in [(DType.f32, 4), (.bf16, 2), (.f8e4m3, 1)] {
            let sum = MemorySum(folder, context: 1024, keyValueType: type, prefillChunk: 512, copiesHead: false)
            // 2 layers, keys and values, 2 key-value heads of 32.
            #expect(sum.keyValueCache == 1024 * 2 * 2 * 2 * 32 * bytes)
            #expect(sum.total == sum.weights + sum.anonymous)
        }
    }

    @Test func theCopyOfTheHeadIsCountedWhereThereIsOne() throws {
        let folder = try CheckpointFolder(at: Goldens.checkpoint("nvfp4"))
        let sums = [false, true].map {
            MemorySum(folder, context: 1024, keyValueType: .bf16, prefillChunk: 512, copiesHead: $0)
        }
        let bytes = CPUBackend.screeningBytes(outputs: folder.language.vocabulary, inputs: folder.language.hidden)
        #expect(sums[0].headCopy == 0)
        #expect(sums[1].total - sums[0].total == bytes)
        #expect(CPUBackend.screeningBytes(outputs: 128_256, inputs: 4096) >= 128_256 * 4096)
    }

    @Test func whatDoesNotFitIsSaidWithTheSums() throws {
        let folder = try CheckpointFolder(at: Goldens.checkpoint("nvfp4"))
        let sum = MemorySum(folder, context: 16_384, keyValueType: .bf16, prefillChunk: 512, copiesHead: false)
        #expect(sum.obstacle(in: HostMemory(total: 1 << 34, available: sum.anonymous)) == nil)
        let obstacle = try #require(sum.obstacle(in: HostMemory(total: 1 << 34, available: 1 << 20)))
        for part in [Bytes.text(sum.anonymous), Bytes.text(sum.keyValueCache), Bytes.text(1 << 20)] {
            #expect(obstacle.contains(part), "\(obstacle)")
        }
    }
}
