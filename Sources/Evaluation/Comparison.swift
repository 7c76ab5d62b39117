// Two runs over the same items: what differs, how surely, and how much of a gap is closed. Knows scores, not models.

/// The second run beside the first, over the items that both scored.
package struct Comparison: Codable, Sendable {
    /// One of the runs.
    package struct Side: Codable, Sendable {
        package let path: String
        package let label: String
        package let errors: Int
        /// Scored items that are not compared, because another run has not scored them.
        package let leftOut: Int
    }

    package struct Group: Codable, Sendable {
        package let name: String
        package let counts: PairedCounts
        /// Exact McNemar, two-sided.
        package let mcnemarP: Double
        /// Exact match of the second minus the first.
        package let exact: Difference
        /// Mean over items of the mean divergence of their tokens, second minus first; fidelity files only.
        package let divergence: Difference?
    }

    /// A difference of means with its 95 % bootstrap interval.
    package struct Difference: Codable, Sendable {
        package let first: Double
        package let second: Double
        package let difference: Double
        package let interval: Interval
    }

    package let first: Side
    package let second: Side
    package let baseline: Side?
    package let items: Int
    package let seed: UInt64
    package let resamples: Int
    package let overall: Group
    package let families: [Group]
    /// With a baseline: share of the gap between it and the first run that the second closes.
    package let exactClosure: GapClosure?
    package let divergenceClosure: GapClosure?

    /// - Throws: `notComparable` for runs of other items, or without an item that all have scored.
    package init(
        _ first: ScoredItems, _ second: ScoredItems, baseline: ScoredItems? = nil, bootstrap: PairedBootstrap
    ) throws(EvaluationError) {
        let runs = [first, second] + (baseline.map { [$0] } ?? [])
        for run in runs.dropFirst() { try first.check(comparableWith: run) }
        let common = runs.dropFirst().reduce(Set(first.items.keys)) { $0.intersection($1.items.keys) }.sorted()
        guard !common.isEmpty else {
            throw .notComparable(
                field: "the set of scored items", first: "\(first.items.count) items",
                second: "\(second.items.count) others")
        }
        func side(_ run: ScoredItems) -> Side {
            Side(
                path: run.path, label: run.label, errors: run.errors, leftOut: run.items.count - common.count)
        }
        self.first = side(first)
        self.second = side(second)
        self.baseline = baseline.map(side)
        items = common.count
        (seed, resamples) = (bootstrap.seed, bootstrap.resamples)
        let columns = runs.map { run in common.compactMap { run.items[$0] } }
        overall = Self.group("all", columns, bootstrap)
        let families = Dictionary(grouping: common.indices) { columns[0][$0].family }
        self.families = families.sorted { $0.key < $1.key }.map { name, members in
            Self.group(name, columns.map { column in members.map { column[$0] } }, bootstrap)
        }
        guard baseline != nil else {
            (exactClosure, divergenceClosure) = (nil, nil)
            return
        }
        exactClosure = GapClosure(columns.map { $0.map(\.exactness) }, bootstrap)
        divergenceClosure = Self.divergences(columns).map { GapClosure($0, bootstrap) }
    }

    /// - Parameter columns: the first run's items, the second's, perhaps others'.
    private static func group(_ name: String, _ columns: [[ScoredItems.Item]], _ bootstrap: PairedBootstrap) -> Group {
        let counts = PairedCounts(first: columns[0].map(\.isExact), second: columns[1].map(\.isExact))
        let pair = Array(columns.prefix(2))
        return Group(
            name: name, counts: counts, mcnemarP: counts.twoSidedP,
            exact: difference(pair.map { $0.map(\.exactness) }, bootstrap),
            divergence: divergences(pair).map { difference($0, bootstrap) })
    }

    private static func difference(_ columns: [[Double]], _ bootstrap: PairedBootstrap) -> Difference {
        let means = columns.map { $0.reduce(0, +) / Double($0.count) }
        let interval = PairedBootstrap.interval(bootstrap.means(columns)) { $0[1] - $0[0] }
        return Difference(
            first: means[0], second: means[1], difference: means[1] - means[0],
            interval: interval ?? Interval(-.infinity, .infinity))
    }

    /// Nil unless every item has a divergence.
    private static func divergences(_ columns: [[ScoredItems.Item]]) -> [[Double]]? {
        let found = columns.map { $0.compactMap(\.divergence) }
        return zip(found, columns).allSatisfy { $0.count == $1.count } ? found : nil
    }
}

extension ScoredItems.Item {
    fileprivate var exactness: Double { isExact ? 1 : 0 }
}

/// (second - first) / (baseline - first): which share of what the first run lost against the baseline the second wins
/// back. It has a meaning only where there is a gap.
package struct GapClosure: Codable, Sendable, Equatable {
    /// Baseline minus first.
    package let gap: Double
    package let gapInterval: Interval
    /// Nil when the gap's interval contains 0: then any quotient would be noise.
    package let closure: Double?
    /// Nil as well when so many resamples are without a gap that no bound exists.
    package let interval: Interval?

    /// - Parameter columns: figures of the items under the first, the second and the baseline.
    package init(_ columns: [[Double]], _ bootstrap: PairedBootstrap) {
        precondition(columns.count == 3, "first, second, baseline")
        let means = bootstrap.means(columns)
        let all = columns.map { $0.reduce(0, +) / Double(max($0.count, 1)) }
        gap = all[2] - all[0]
        gapInterval = PairedBootstrap.interval(means) { $0[2] - $0[0] } ?? Interval(-.infinity, .infinity)
        guard !gapInterval.contains(0) else {
            (closure, interval) = (nil, nil)
            return
        }
        closure = (all[1] - all[0]) / gap
        let quotients = PairedBootstrap.interval(means) { ($0[1] - $0[0]) / ($0[2] - $0[0]) }
        interval = quotients.flatMap { $0.lower.isFinite && $0.upper.isFinite ? $0 : nil }
    }
}
