// Structure and arithmetic of the limits; never speeds.

import Checkpoint
import Compute
import Numerics
import Testing

struct MachineLimitsTests {
    @Test func measuresEveryInstructionOfTheAvailableSets() throws {
        let limits = try MachineLimits.measure(threads: 2, repeats: 1)
        #expect(limits.bandwidth.map(\.threads) == [1, 2])
        #expect(limits.bandwidth.allSatisfy { $0.bytesPerSecond.minimum > 0 })
        #expect(limits.bytesPerSecond == limits.bandwidth.map(\.bytesPerSecond.median).max())
        let measured = Set(limits.peaks.map(\.instruction))
        #expect(
            measured == Set(DotInstruction.allCases.filter { InstructionSet.available.contains($0.instructionSet) }))
        for instruction in DotInstruction.allCases {
            #expect((limits.operationsPerSecond(of: instruction) != nil) == measured.contains(instruction))
        }
        let twice = limits.merged(with: limits)
        #expect(twice.peaks.allSatisfy { $0.operationsPerSecond.count == 2 })
        #expect(twice.bandwidth.map(\.bytesPerSecond.median) == limits.bandwidth.map(\.bytesPerSecond.median))
    }

    @Test func threadCountsDouble() {
        #expect(MachineLimits.threadCounts(upTo: 1) == [1])
        #expect(MachineLimits.threadCounts(upTo: 2) == [1, 2])
        #expect(MachineLimits.threadCounts(upTo: 6) == [1, 2, 4, 6])
        #expect(MachineLimits.threadCounts(upTo: 8) == [1, 2, 4, 8])
    }

    @Test func bufferOutgrowsTheCachesAndSparesMemory() {
        let large = HostMemory(total: 64 << 30, available: 32 << 30)
        #expect(MachineLimits.bufferBytes(large, lastCache: 32 << 20) == 1 << 30)
        #expect(MachineLimits.bufferBytes(large, lastCache: 1 << 30) == 2 << 30)
        let small = HostMemory(total: 1 << 30, available: 512 << 20)
        #expect(MachineLimits.bufferBytes(small, lastCache: 32 << 20) == 128 << 20)
        #expect(MachineLimits.bufferBytes(small, lastCache: 128 << 20) == 256 << 20)
    }

    @Test func instructionFollowsFormatPrecisionAndSet() {
        let bf16 = StoredMatrix.dense(
            TensorView(copying: [UInt16](repeating: 0, count: 16), dtype: .bf16, shape: [1, 16]))
        let nvfp4 = StoredMatrix.nvfp4(
            packed: TensorView(copying: [UInt8](repeating: 0, count: 8), dtype: .u8, shape: [1, 8]),
            blockScales: TensorView(copying: [UInt8(0)], dtype: .f8e4m3, shape: [1, 1]), globalScale: 1, inputScale: 1)
        func used(_ format: StoredMatrix, _ precision: Precision, _ isa: InstructionSet) -> DotInstruction {
            DotInstruction.used(for: format, precision: precision, isa: isa)
        }
        #expect(used(nvfp4, .w4a4, .avx512) == .int8512)
        #expect(used(nvfp4, .w4a16, .avx512) == .bfloat512)
        #expect(used(bf16, .w4a4, .avx512) == .bfloat512)
        #expect(used(bf16, .f32, .avx512) == .fma512)
        #expect(used(nvfp4, .w4a16, .amx) == .bfloatTile)
        #expect(used(nvfp4, .w4a8, .amx) == .int8512)
        #expect(used(bf16, .w4a8, .amx) == .bfloatTile)
        #expect(used(bf16, .f32, .amx) == .fma512)
        #expect(used(nvfp4, .w4a8, .avx2) == .maddubs256)
        #expect(used(nvfp4, .w4a16, .avx2) == .maddwd256)
        #expect(used(nvfp4, .w4a8, .scalar) == .baselineFloat)
    }

    @Test func measurementsKnowMedianAndSpread() {
        let measured = Measurements([3, 1, 2, 10])
        #expect(measured.median == 2.5)
        #expect(measured.minimum == 1 && measured.maximum == 10 && measured.count == 4)
        #expect(measured.merged(with: Measurements([0])).median == 2)
        #expect(measured.map { 1 / $0 }.maximum == 1)
    }

    @Test func slowerSetHasAReason() {
        let processor = CPUFeatures.current
        for set in InstructionSet.allCases {
            #expect(InstructionSet.scalar.support(whileUsing: set, on: processor) == .yes)
            let support = set.support(whileUsing: .scalar, on: processor)
            if set == .scalar {
                #expect(support == .yes)
            } else if InstructionSet.available.contains(set) {
                #expect(support == .no(reason: "MONOCLE_ISA=scalar forces the slower set"))
            } else {
                guard case .no(let reason) = support else {
                    Issue.record("\(set) is not available and has no reason")
                    continue
                }
                #expect(reason.hasPrefix("the processor lacks "))
            }
        }
    }
}
