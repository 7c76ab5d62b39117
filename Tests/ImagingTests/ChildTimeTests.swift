// The time of a child: it runs out with the clock, and stands still with its parent.

import Testing

@testable import Imaging

@Suite struct ChildTimeTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func timeRunsOut() {
        var time = ChildTime(seconds: 2, now: 5)
        var now: UInt64 = 5
        while time.left(at: now) > 0, now < 10 * Self.second { now += ChildTime.look }
        #expect(now == 5 + 2 * Self.second)
        #expect(time.left(at: now + 1) == 0)
    }

    @Test func aPauseOfTheParentIsNotTheChilds() {
        var time = ChildTime(seconds: 2, now: 0)
        #expect(time.left(at: Self.second / 5) == 9 * Self.second / 5)
        // Stopped for half a minute.
        let left = time.left(at: 30 * Self.second)
        #expect(left == 13 * Self.second / 10)
        #expect(time.left(at: 30 * Self.second) == left)
    }

    @Test func oddTimesAreNoTraps() {
        var never = ChildTime(seconds: -.infinity, now: 7)
        #expect(never.left(at: 7) == 0)
        var long = ChildTime(seconds: .infinity, now: .max)
        #expect(long.left(at: 0) == 1_000_000_000 * Self.second)
    }
}
