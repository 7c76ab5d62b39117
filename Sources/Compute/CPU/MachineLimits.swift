// What the machine can do at best, measured: read bandwidth of main memory and rates of multiply-add instructions.
// Knows nothing of models.

import CKernels
import Foundation

/// The two numbers an answer is bounded by. Compare figures only with limits of the same run: the cores of a virtual
/// machine are sometimes two cores and sometimes two threads of one.
package struct MachineLimits: Sendable {
    /// Bytes a second read from main memory, each thread one long stream through its own part of a buffer.
    package struct Bandwidth: Sendable {
        package let threads: Int
        package let bytesPerSecond: Measurements
    }

    /// Operations a second, a multiply-add being two, with all operands in registers.
    package struct Peak: Sendable {
        package let instruction: DotInstruction
        package let threads: Int
        package let operationsPerSecond: Measurements
    }

    /// Bytes of the buffer that was read.
    package let bufferBytes: Int
    package let bandwidth: [Bandwidth]
    package let peaks: [Peak]

    /// The best median bandwidth of any number of threads.
    package var bytesPerSecond: Double { bandwidth.map(\.bytesPerSecond.median).max() ?? 0 }

    /// The best median rate of an instruction with any number of threads; nil when it was not measured.
    package func operationsPerSecond(of instruction: DotInstruction) -> Double? {
        peaks.filter { $0.instruction == instruction }.map(\.operationsPerSecond.median).max()
    }

    /// Both measurements' values together.
    /// - Precondition: both were made by the same process with the same threads.
    package func merged(with other: MachineLimits) -> MachineLimits {
        MachineLimits(
            bufferBytes: bufferBytes,
            bandwidth: zip(bandwidth, other.bandwidth).map {
                Bandwidth(threads: $0.threads, bytesPerSecond: $0.bytesPerSecond.merged(with: $1.bytesPerSecond))
            },
            peaks: zip(peaks, other.peaks).map {
                Peak(
                    instruction: $0.instruction, threads: $0.threads,
                    operationsPerSecond: $0.operationsPerSecond.merged(with: $1.operationsPerSecond))
            })
    }

    /// Measures with 1, 2, 4 ... `threads` threads every instruction of the available sets.
    /// - Parameter repeats: measurements of each figure; about 50 ms each.
    /// - Throws: `.outOfMemory` when not even a buffer of twice the last cache can be had.
    package static func measure(threads: Int, repeats: Int) throws(ComputeError) -> MachineLimits {
        let teams = threadCounts(upTo: threads).map { ThreadTeam(threads: $0) }
        let buffer = try ReadBuffer(byteCount: bufferBytes(HostMemory.current()), filledBy: teams[teams.count - 1])
        let instructions = DotInstruction.allCases.filter { InstructionSet.available.contains($0.instructionSet) }
        return MachineLimits(
            bufferBytes: buffer.byteCount,
            bandwidth: teams.map {
                Bandwidth(threads: $0.count, bytesPerSecond: buffer.rate(on: $0, repeats: repeats))
            },
            peaks: instructions.flatMap { instruction in
                teams.map { team in
                    Peak(
                        instruction: instruction, threads: team.count,
                        operationsPerSecond: rate(of: instruction, on: team, repeats: repeats))
                }
            })
    }

    /// 1, 2, 4 and so on below `threads`, and `threads` itself.
    package static func threadCounts(upTo threads: Int) -> [Int] {
        var counts: [Int] = []
        var count = 1
        while count < threads {
            counts.append(count)
            count *= 2
        }
        return counts + [max(threads, 1)]
    }

    /// 1 GiB, or twice the last cache when that is larger; less, but still twice the last cache, when memory is short.
    package static func bufferBytes(
        _ memory: HostMemory?, lastCache: Int = CPUFeatures.current.caches.max() ?? 0
    ) -> Int {
        let least = max(2 * lastCache, 64 << 20)
        let quarter = memory.map { $0.usable / 4 } ?? 1 << 30
        return (max(least, min(1 << 30, quarter)) + 0xFFF) / 0x1000 * 0x1000
    }

    private static func rate(of instruction: DotInstruction, on team: ThreadTeam, repeats: Int) -> Measurements {
        let rounds = rounds(of: instruction)
        return Measurements(
            (0..<max(repeats, 1)).map { _ in
                let products = instruction.run(rounds: 1) * rounds * team.count
                let time = seconds { team.run { _, _ in _ = instruction.run(rounds: rounds) } }
                return 2 * Double(products) / time
            })
    }

    /// Rounds that take a thread about 20 ms.
    private static func rounds(of instruction: DotInstruction) -> Int {
        var rounds = 1 << 12
        while seconds({ _ = instruction.run(rounds: rounds) }) < 0.01, rounds < 1 << 40 { rounds *= 2 }
        return 2 * rounds
    }

    fileprivate static func seconds(_ body: () -> Void) -> Double {
        let clock = ContinuousClock()
        return max(clock.measure(body) / .seconds(1), 1e-9)
    }
}

/// A buffer of main memory, in huge pages where the system gives them.
private final class ReadBuffer: @unchecked Sendable {
    // Sendable: written by `init` only, each thread its own part.
    let byteCount: Int
    private let memory: UnsafeMutableRawPointer

    init(byteCount: Int, filledBy team: ThreadTeam) throws(ComputeError) {
        guard let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            memory != MAP_FAILED
        else { throw .outOfMemory(what: "buffer that measures read bandwidth", bytes: byteCount) }
        madvise(memory, byteCount, MADV_HUGEPAGE)
        self.memory = memory
        self.byteCount = byteCount
        team.run { thread, threads in
            let part = Self.part(thread, of: threads, in: self.byteCount)
            memset(self.memory + part.lowerBound, 1, part.count)
        }
    }

    deinit { munmap(memory, byteCount) }

    /// Bytes a second when the team's members read a part each, in the widest vectors of this machine.
    func rate(on team: ThreadTeam, repeats: Int) -> Measurements {
        let pass = { MachineLimits.seconds { team.run { thread, threads in self.read(part: thread, of: threads) } } }
        _ = pass()
        return Measurements((0..<max(repeats, 1)).map { _ in Double(byteCount) / pass() })
    }

    private func read(part index: Int, of parts: Int) {
        let part = Self.part(index, of: parts, in: byteCount)
        let bytes = (memory + part.lowerBound).assumingMemoryBound(to: UInt8.self)
        switch InstructionSet.best {
        case .scalar: _ = monocle_read_scalar(bytes, part.count)
        case .avx2: _ = monocle_read_avx2(bytes, part.count)
        case .avx512, .amx: _ = monocle_read_avx512(bytes, part.count)
        }
    }

    /// Bytes of part `index`, in whole memory pages of 4096 bytes.
    private static func part(_ index: Int, of parts: Int, in byteCount: Int) -> Range<Int> {
        let pages = byteCount / 0x1000
        return pages * index / parts * 0x1000..<pages * (index + 1) / parts * 0x1000
    }
}
