// How long a child may still run, as its parent sees it. Knows moments, no processes.

/// Wall-clock time that runs out, but for what this process did not live through: while it is stopped, or its machine suspended,
/// the child may stand still too, and what it wrote before waits to be read.
struct ChildTime {
    /// Nanoseconds; whoever waits looks at the time at least this often.
    static let look: UInt64 = 250_000_000

    private var left: UInt64
    private var last: UInt64

    /// - Parameter now: nanoseconds of a clock that never goes back.
    init(seconds: Double, now: UInt64) {
        left = UInt64(min(max(seconds, 0), 1e9) * 1e9)
        last = now
    }

    /// Nanoseconds; 0 when the time is over. A gap of more than two looks counts as two.
    mutating func left(at now: UInt64) -> UInt64 {
        let passed = min(now > last ? now - last : 0, 2 * Self.look)
        left -= min(passed, left)
        last = max(now, last)
        return left
    }
}
