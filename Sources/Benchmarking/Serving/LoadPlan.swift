// What a load test sends, and when. Knows no server.

package import Foundation
import Numerics

package struct LoadPlan: Sendable {
    /// The body of each request, in order.
    package var bodies: [Data]
    /// Requests a second, arriving at random; infinity sends all at once.
    package var requestRate: Double
    /// Requests under way at once; more wait for their turn.
    package var maxConcurrency: Int?
    /// Share of requests whose client leaves before the answer is complete.
    package var abandonedShare: Double
    package var seed: UInt64

    package init(
        bodies: [Data], requestRate: Double = .infinity, maxConcurrency: Int? = nil, abandonedShare: Double = 0,
        seed: UInt64 = 0
    ) {
        self.bodies = bodies
        self.requestRate = requestRate
        self.maxConcurrency = maxConcurrency
        self.abandonedShare = abandonedShare
        self.seed = seed
    }

    /// Seconds from the start to each request: a Poisson process, whose gaps are exponential.
    package var arrivals: [Double] {
        guard requestRate.isFinite else { return bodies.map { _ in 0 } }
        var random = SplitMix64(seed: seed)
        var time = 0.0
        return bodies.map { _ in
            defer { time -= log(1 - Double.random(in: 0..<1, using: &random)) / requestRate }
            return time
        }
    }

    /// Seconds after which each request's client leaves; nil stays.
    /// - Parameter longest: the latest moment.
    package func departures(within longest: Double) -> [Double?] {
        var random = SplitMix64(seed: seed &+ 1)
        return bodies.map { _ in
            let leaves = Double.random(in: 0..<1, using: &random) < abandonedShare
            let moment = Double.random(in: 0..<1, using: &random) * longest
            return leaves ? moment : nil
        }
    }
}
