// How much of a gap between two runs a third closes. Knows columns of figures, not where they come from.

/// (second - first) / (baseline - first): which share of what the first run lost against the baseline the second wins
/// back. It has a meaning only where there is a gap.
package struct GapClosure: Codable, Sendable, Equatable {
    /// Baseline minus first.
    package let gap: Double
    /// Nil with too few clusters for one.
    package let gapInterval: Interval?
    /// Nil when the gap's interval contains 0, or there is none: then any quotient would be noise.
    package let closure: Double?
    /// Nil as well when so many resamples are without a gap that no bound exists.
    package let interval: Interval?

    /// - Parameter columns: figures of the items under the first, the second and the baseline.
    package init(_ columns: [[Double]], in clusters: Clusters? = nil, _ bootstrap: PairedBootstrap) {
        precondition(columns.count == 3, "first, second, baseline")
        let clusters = clusters ?? Clusters(members: columns[0].indices.map { [$0] })
        let means = clusters.members.count >= Clusters.leastForInterval ? bootstrap.means(columns, in: clusters) : []
        let all = columns.map { $0.reduce(0, +) / Double(max($0.count, 1)) }
        gap = all[2] - all[0]
        gapInterval = PairedBootstrap.interval(means) { $0[2] - $0[0] }
        guard let gapInterval, !gapInterval.contains(0) else {
            (closure, interval) = (nil, nil)
            return
        }
        closure = (all[1] - all[0]) / gap
        let quotients = PairedBootstrap.interval(means) { ($0[1] - $0[0]) / ($0[2] - $0[0]) }
        interval = quotients.flatMap { $0.lower.isFinite && $0.upper.isFinite ? $0 : nil }
    }
}
