// The figures of a load test under the names that `vllm bench serve` gives them. Knows traces, no server.

import Foundation

/// Times that an answer must keep to be good.
package struct Goodput: Sendable, Equatable {
    package enum Measure: String, Sendable, CaseIterable {
        case ttft
        case tpot
        case e2el
    }

    /// Milliseconds.
    package var limits: [Measure: Double]

    package init(_ limits: [Measure: Double]) { self.limits = limits }

    func contains(_ trace: RequestTrace) -> Bool {
        limits.allSatisfy { measure, limit in
            switch measure {
            case .ttft: (trace.timeToFirstToken ?? .infinity) * 1000 <= limit
            case .tpot: (trace.timePerOutputToken ?? 0) * 1000 <= limit
            case .e2el: trace.seconds * 1000 <= limit
            }
        }
    }
}

package struct LoadReport: Sendable {
    /// Requests that were answered to the end, that were turned away (429 or 503), and that went wrong otherwise.
    package let completed: Int
    package let rejected: Int
    package let failed: Int
    package let abandoned: Int
    package let duration: Double
    package let totalInputTokens: Int
    package let totalOutputTokens: Int
    /// Nil when no times were asked to be kept.
    package let good: Int?
    package let ttft: Spread
    package let tpot: Spread
    package let itl: Spread
    package let e2el: Spread
    /// Times to a refusal, by status.
    package let refusals: [(status: Int, times: Spread)]
    /// Each reason of a failure, with its number.
    package let reasons: [String: Int]

    /// - Parameter seconds: from the first request to the end of the last.
    package init(_ traces: [RequestTrace], seconds: Double, goodput: Goodput? = nil) {
        let done = traces.filter { $0.end == .completed }
        completed = done.count
        abandoned = traces.count { $0.end == .abandoned }
        duration = seconds
        totalInputTokens = done.reduce(0) { $0 + $1.promptTokens }
        totalOutputTokens = done.reduce(0) { $0 + $1.outputTokens }
        good = goodput.map { goodput in done.count(where: goodput.contains) }
        ttft = Spread(done.compactMap(\.timeToFirstToken))
        tpot = Spread(done.compactMap(\.timePerOutputToken))
        itl = Spread(done.flatMap(\.interTokenLatencies))
        e2el = Spread(done.map(\.seconds))
        var refused: [Int: [Double]] = [:]
        var reasons: [String: Int] = [:]
        for trace in traces {
            switch trace.end {
            case .refused(let status): refused[status, default: []].append(trace.seconds)
            case .failed(let reason): reasons[reason, default: 0] += 1
            case .completed, .abandoned: break
            }
        }
        self.reasons = reasons
        refusals = refused.sorted { $0.key < $1.key }.map { ($0.key, Spread($0.value)) }
        rejected = refused.filter { [429, 503].contains($0.key) }.reduce(0) { $0 + $1.value.count }
        failed = traces.count - completed - rejected - abandoned
    }

    package var requestThroughput: Double { Double(completed) / duration }
    package var requestGoodput: Double? { good.map { Double($0) / duration } }
    package var outputThroughput: Double { Double(totalOutputTokens) / duration }
    package var totalTokenThroughput: Double { Double(totalInputTokens + totalOutputTokens) / duration }
}

/// Mean, deviation and percentiles of times.
package struct Spread: Sendable, Equatable {
    package static let percents = [50, 90, 95, 99]

    private let sorted: [Double]

    /// - Parameter seconds: in any order.
    package init(_ seconds: [Double]) { sorted = seconds.sorted() }

    package var count: Int { sorted.count }
    package var mean: Double { sorted.isEmpty ? 0 : sorted.reduce(0, +) / Double(sorted.count) }
    package var median: Double { percentile(50) }
    package var largest: Double { sorted.last ?? 0 }

    /// Of the times themselves, not of what they are a sample of.
    package var deviation: Double {
        let mean = mean
        let squares = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return sorted.isEmpty ? 0 : (squares / Double(sorted.count)).squareRoot()
    }

    /// Between the two nearest times, in proportion; 0 when there are none.
    package func percentile(_ percent: Double) -> Double {
        guard let last = sorted.indices.last else { return 0 }
        let place = min(max(percent, 0), 100) / 100 * Double(last)
        let lower = Int(place)
        return sorted[lower] + (sorted[min(lower + 1, last)] - sorted[lower]) * (place - Double(lower))
    }
}
