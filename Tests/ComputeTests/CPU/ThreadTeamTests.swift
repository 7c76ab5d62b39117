import Compute
import Foundation
import Synchronization
import Testing

@Suite struct ThreadTeamTests {
    @Test(arguments: [1, 2, 3, 9]) func everyMemberRunsOnceARegion(threads: Int) {
        let team = ThreadTeam(threads: threads)
        #expect(team.count == threads)
        let calls = (0..<threads).map { _ in Counter() }
        let regions = threads > CPUFeatures.current.cores ? 5_000 : 100_000
        for _ in 0..<regions {
            team.run { thread, threads in calls[thread].add(threads) }
        }
        #expect(calls.allSatisfy { $0.value == regions * threads })
    }

    @Test func aRegionSeesWhatTheCallerWroteAndTheCallerWhatItWrote() {
        let team = ThreadTeam(threads: 2)
        nonisolated(unsafe) var values = [Int](repeating: 0, count: team.count * 16)
        for round in 0..<20_000 {
            values.withUnsafeMutableBufferPointer { buffer in
                nonisolated(unsafe) let buffer = buffer
                team.run { thread, _ in buffer[thread * 16] += round }
                for thread in 0..<team.count { buffer[thread * 16] += 1 }
            }
        }
        #expect(values[0] == 20_000 * 19_999 / 2 + 20_000)
        #expect(values[16] == values[0])
    }

    @Test func forEachCoversEveryIndexOnce() {
        for threads in [1, 2, 5] {
            let team = ThreadTeam(threads: threads)
            for (count, grain) in [(0, 1), (1, 1), (7, 3), (1000, 1), (1000, 64), (5, 9)] {
                let seen = (0..<count).map { _ in Counter() }
                team.forEach(count, grain: grain) { range in
                    if threads > 1 { #expect(range.count <= max(grain, 1)) }
                    for index in range { seen[index].add(1) }
                }
                #expect(seen.allSatisfy { $0.value == 1 })
            }
        }
    }

    @Test func regionsFromSeveralThreadsAreSerialised() async {
        let team = ThreadTeam(threads: 2)
        let inside = Counter()
        let total = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<2_000 {
                        team.run { thread, _ in
                            if thread == 0 {
                                inside.add(1)
                                if inside.value != 1 { Issue.record("two regions at once") }
                                inside.add(-1)
                            }
                            total.add(1)
                        }
                    }
                }
            }
        }
        #expect(total.value == 4 * 2_000 * 2)
    }

    @Test func aRegionInsideARegionRunsEveryMember() {
        let team = ThreadTeam(threads: 3)
        let total = Counter()
        team.run { _, _ in
            team.run { _, _ in total.add(1) }
        }
        #expect(total.value == 9)
    }

    @Test func anIdleTeamSleeps() {
        let team = ThreadTeam(threads: max(2, CPUFeatures.current.cores))
        let identifiers = (0..<team.count).map { _ in Counter() }
        team.run { thread, _ in identifiers[thread].add(threadIdentifier()) }
        Thread.sleep(forTimeInterval: 0.1)  // a thousand times the longest spin
        let before = identifiers.dropFirst().map { workerTicks(of: $0.value) }
        Thread.sleep(forTimeInterval: 0.5)
        let after = identifiers.dropFirst().map { workerTicks(of: $0.value) }
        // A spinning thread would use fifty ticks of 10 ms.
        for (before, after) in zip(before, after) { #expect(before != nil && after == before) }
    }

    @Test func workersEndWithTheirTeam() {
        let identifiers = (0..<100).map { _ in Counter() }
        for round in 0..<100 {
            let team = ThreadTeam(threads: 2)
            team.run { thread, _ in if thread == 1 { identifiers[round].add(threadIdentifier()) } }
        }
        #expect(identifiers.allSatisfy { $0.value > 0 && workerTicks(of: $0.value) == nil })
    }

    @Test func instructionSetsByName() throws {
        #expect(InstructionSet.available.first == .scalar)
        #expect(try InstructionSet.named(nil) == InstructionSet.best)
        #expect(try InstructionSet.named("scalar") == .scalar)
        #expect(
            throws: ComputeError.instructionSet(
                requested: "neon", available: InstructionSet.available.map(\.rawValue))
        ) { try InstructionSet.named("neon") }
        #expect(InstructionSet.scalar < .avx2 && InstructionSet.avx2 < .avx512 && InstructionSet.avx512 < .amx)
    }

    @Test func coresFollowTheControlGroupsQuota() {
        #expect(CPUFeatures.quota("max 100000\n") == nil)
        #expect(CPUFeatures.quota("150000 100000\n") == 2)
        #expect(CPUFeatures.quota("50000 100000\n") == 1)
        #expect(CPUFeatures.quota("") == nil)
        #expect(CPUFeatures.quota("1e300 1e-300") == 65536)
        #expect(CPUFeatures.current.cores >= 1)
    }
}

/// The system's number of the calling thread.
private func threadIdentifier() -> Int {
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
    return link?.split(separator: "/").last.flatMap { Int($0) } ?? 0
}

/// Processor ticks a worker has used so far; nil when there is no such worker in this process.
private func workerTicks(of thread: Int) -> Int? {
    guard let stat = try? String(contentsOfFile: "/proc/self/task/\(thread)/stat", encoding: .utf8),
        stat.contains("(monocle-"), let end = stat.lastIndex(of: ")")
    else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
    return user + system
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func add(_ amount: Int) { count.wrappingAdd(amount, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}
