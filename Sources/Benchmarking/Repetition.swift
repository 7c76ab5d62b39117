// How often a piece of work is repeated and timed. Knows nothing of the work.

package import Compute

/// Repeats until a time is used up, within bounds.
package struct Repetition: Sendable {
    package var least: Int
    package var most: Int
    /// No repeat starts after this time has been measured, once there are `least` of them.
    package var seconds: Double

    package init(least: Int, most: Int, seconds: Double) {
        self.least = max(1, least)
        self.most = max(self.least, most)
        self.seconds = seconds
    }

    /// Seconds of each repeat.
    package func measure<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) -> Measurements {
        let clock = ContinuousClock()
        var times: [Double] = []
        var sum = 0.0
        repeat {
            let start = clock.now
            try body()
            let time = max((clock.now - start) / .seconds(1), 1e-9)
            times.append(time)
            sum += time
        } while times.count < least || (times.count < most && sum < seconds)
        return Measurements(times)
    }
}
