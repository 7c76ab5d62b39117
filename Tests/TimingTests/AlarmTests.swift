// Alarms: which ring, in which order, and what is left of those that were called off.

import Synchronization
import Testing
import Timing

@Suite struct AlarmTests {
    private final class Rung: Sendable {
        let names = Mutex<[Int]>([])
        func add(_ name: Int) { names.withLock { $0.append(name) } }
        var all: [Int] { names.withLock(\.self) }
    }

    private func waited(_ isTrue: () -> Bool) async throws -> Bool {
        for _ in 0..<2000 {
            if isTrue() { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    @Test func alarmsRingInTheirOrderHoweverTheyAreSet() async throws {
        let rung = Rung()
        for name in [3, 1, 2, 0] { _ = Alarms.shared.set(in: .milliseconds(40 * name)) { rung.add(name) } }
        #expect(try await waited { rung.all.count == 4 })
        #expect(rung.all == [0, 1, 2, 3])
    }

    @Test func anAlarmRingsNoSooner() async throws {
        let start = ContinuousClock.now
        let rung = Rung()
        _ = Alarms.shared.set(in: .milliseconds(30)) { rung.add(0) }
        #expect(try await waited { !rung.all.isEmpty })
        #expect(ContinuousClock.now - start >= .milliseconds(30))
    }

    @Test func whatIsCalledOffDoesNotRingAndLeavesNothing() async throws {
        let rung = Rung()
        let before = Alarms.shared.count
        let alarms = (0..<1000).map { name in Alarms.shared.set(in: .milliseconds(20 + name % 7)) { rung.add(name) } }
        let called = alarms.enumerated().filter { $0.offset % 10 != 0 }.map { $0.element.callOff() }
        let kept = called.filter { !$0 }.count + 100
        #expect(try await waited { rung.all.count >= kept })
        #expect(try await waited { Alarms.shared.count <= before })
        // Once more, and after it has rung.
        #expect(!alarms[0].callOff() && !alarms[1].callOff())
        let far = Alarms.shared.set(in: .seconds(1 << 40)) { rung.add(-1) }
        #expect(far.callOff() && !rung.all.contains(-1))
    }
}
