// Two runs over the same items: what differs, how surely, and how much of a gap is closed. Knows scores, not models.

import BenchmarkData

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
        package let items: Int
        /// Nil where scores are shares.
        package let counts: PairedCounts?
        /// Chance of a difference as large without any cause, two-sided: exact McNemar of right and wrong answers that
        /// stand alone, or else the paired permutation test over clusters.
        package let p: Double
        package let test: Test
        /// Score of the second minus the first.
        package let score: Difference
        /// Mean over items of the mean divergence of their tokens, second minus first; fidelity files only.
        package let divergence: Difference?
    }

    package enum Test: String, Codable, Sendable {
        case mcnemar = "exact McNemar"
        case permutation = "paired permutation"
    }

    /// A difference of means with its 95 % bootstrap interval.
    package struct Difference: Codable, Sendable {
        package let first: Double
        package let second: Double
        package let difference: Double
        /// Nil with too few clusters for one.
        package let interval: Interval?
    }

    /// An item whose score differs.
    package struct Flip: Codable, Sendable {
        package let index: Int
        package let id: String
        package let first: Double
        package let second: Double
    }

    package let first: Side
    package let second: Side
    package let baseline: Side?
    package let items: Int
    /// Pages, charts or videos the items are about; as many as items where each stands alone.
    package let clusters: Int
    package let seed: UInt64
    package let resamples: Int
    package let overall: Group
    /// OCRBench v2's two figures; empty for other benchmarks.
    package let languages: [Group]
    /// The column of `groups`.
    package let column: String?
    package let groups: [Group]
    /// Items that the second scores higher, and lower, in order.
    package let gained: [Flip]
    package let lost: [Flip]
    /// Items with the same reply, letter by letter; nil in fidelity files.
    package let sameReplies: Int?
    /// With a margin: whether the second is shown to be no worse than the first by more than it.
    package let nonInferiority: NonInferiority?
    /// With a baseline: share of the gap between it and the first run that the second closes.
    package let scoreClosure: GapClosure?
    package let divergenceClosure: GapClosure?

    /// - Parameters:
    ///   - margin: of the score, 0...1.
    ///   - column: of the items' groups; nil takes the first of `family`, `ability`, `category`, `split` there is.
    /// - Throws: `notComparable` for runs of other items, or without an item that all have scored.
    package init(
        _ first: ScoredItems, _ second: ScoredItems, baseline: ScoredItems? = nil, margin: Double? = nil,
        by column: String? = nil, bootstrap: PairedBootstrap
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
        let clusters = Clusters(columns[0].map(\.facts))
        self.clusters = clusters.members.count
        overall = Self.group("all", columns, bootstrap)
        languages = Self.languages(columns, bootstrap)
        let names = columns[0].map(\.facts.groups)
        let chosen = column ?? Self.columns.first { name in names.contains { $0[name] != nil } }
        guard column == nil || names.contains(where: { chosen.map($0.keys.contains) ?? false }) else {
            let known = Set(names.flatMap(\.keys)).sorted().joined(separator: ", ")
            throw .option(name: "the column to group by", found: column ?? "", expected: known.isEmpty ? "none" : known)
        }
        self.column = chosen
        let members = chosen.map { name in Dictionary(grouping: common.indices) { names[$0][name] ?? "-" } } ?? [:]
        groups = members.sorted { $0.key < $1.key }.map { name, members in
            Self.group(name, columns.map { column in members.map { column[$0] } }, bootstrap)
        }
        let flips = zip(columns[0], columns[1]).filter { $0.score != $1.score }.map {
            Flip(index: $0.facts.index, id: $0.facts.id, first: $0.score, second: $1.score)
        }
        gained = flips.filter { $0.second > $0.first }
        lost = flips.filter { $0.second < $0.first }
        let replies = zip(columns[0], columns[1]).compactMap { first, second -> Bool? in
            guard let first = first.reply, let second = second.reply else { return nil }
            return first.unicodeScalars.elementsEqual(second.unicodeScalars)
        }
        sameReplies = replies.isEmpty ? nil : replies.count { $0 }
        let isFlipped = !flips.isEmpty
        nonInferiority = margin.map { [overall] in
            NonInferiority(overall.score.interval, margin: $0, clusters: clusters.members.count, isFlipped: isFlipped)
        }
        guard baseline != nil else {
            (scoreClosure, divergenceClosure) = (nil, nil)
            return
        }
        scoreClosure = GapClosure(columns.map { $0.map(\.score) }, in: clusters, bootstrap)
        divergenceClosure = Self.divergences(columns).map { GapClosure($0, in: clusters, bootstrap) }
    }

    private static let columns = ["family", "ability", "category", "split"]

    /// - Parameter columns: the first run's items, the second's, perhaps others'.
    private static func group(_ name: String, _ columns: [[ScoredItems.Item]], _ bootstrap: PairedBootstrap) -> Group {
        let pair = Array(columns.prefix(2))
        let clusters = Clusters(pair[0].map(\.facts))
        let isBinary = pair.allSatisfy { $0.allSatisfy(\.isBinary) }
        let counts =
            isBinary ? PairedCounts(first: pair[0].map { $0.score == 1 }, second: pair[1].map { $0.score == 1 }) : nil
        let differences = zip(pair[1], pair[0]).map { $0.score - $1.score }
        let exact = clusters.areSingle ? counts : nil
        return Group(
            name: name, items: pair[0].count, counts: counts,
            p: exact?.twoSidedP
                ?? PairedPermutation(seed: bootstrap.seed, draws: bootstrap.resamples)
                .twoSidedP(clusters.members.map { $0.reduce(0) { $0 + differences[$1] } }),
            test: exact == nil ? .permutation : .mcnemar,
            score: difference(pair.map { $0.map(\.score) }, clusters, bootstrap),
            divergence: divergences(pair).map { difference($0, clusters, bootstrap) })
    }

    private static func difference(
        _ columns: [[Double]], _ clusters: Clusters, _ bootstrap: PairedBootstrap
    ) -> Difference {
        let means = columns.map { $0.reduce(0, +) / Double($0.count) }
        let interval = bootstrap.interval(columns, in: clusters) { $0[1] - $0[0] }
        return Difference(
            first: means[0], second: means[1], difference: means[1] - means[0],
            interval: interval)
    }

    /// Nil unless every item has a divergence.
    private static func divergences(_ columns: [[ScoredItems.Item]]) -> [[Double]]? {
        let found = columns.map { $0.compactMap(\.divergence) }
        return zip(found, columns).allSatisfy { $0.count == $1.count } ? found : nil
    }
}
