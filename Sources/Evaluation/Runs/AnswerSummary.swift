// What a run comes to: scores, overall and by group, and what went wrong. Knows outcomes, not how they are shown.

import BenchmarkData
import Foundation
package import Scoring

/// The mean score of a group of items.
package struct GroupScore: Codable, Sendable, Equatable {
    package let name: String
    package let score: MeanScore
}

package struct MeanScore: Codable, Sendable, Equatable {
    package let count: Int
    /// 0...1; nil without items.
    package let mean: Double?
    /// 95 %: Wilson's of independent right and wrong answers, or else the bootstrap's over clusters; nil with too few of
    /// them.
    package let interval: Interval?

    /// - Parameter items: scores and the cluster of each.
    init(_ items: [ScoredItems.Item], bootstrap: PairedBootstrap) {
        count = items.count
        guard !items.isEmpty else {
            (mean, interval) = (nil, nil)
            return
        }
        let clusters = Clusters(items.map(\.facts))
        if clusters.areSingle, items.allSatisfy(\.isBinary) {
            let share = Share(items.count { $0.score == 1 }, of: items.count)
            (mean, interval) = (share.value, share.interval)
        } else {
            mean = items.reduce(0) { $0 + $1.score } / Double(items.count)
            interval = bootstrap.interval([items.map(\.score)], in: clusters) { $0[0] }
        }
    }
}

package struct AnswerSummary: Codable, Sendable {
    /// What is published of the benchmark; empty for synthetic documents.
    package let headline: [ScoreReport.Figure]
    package let score: MeanScore
    /// Scores by the values of each column, in order of column and value.
    package let groups: [String: [GroupScore]]
    /// Items without a score, by kind of error; they are in no mean.
    package let errors: [String: Int]
    /// The first error in order of items.
    package let firstError: String?
    /// Replies that the rules could not read; they count as wrong.
    package let undecided: Int
    /// Replies that the judge decided.
    package let judged: Int
    /// Replies that the protocol leaves out of the mean.
    package let leftOut: Int
    /// Replies that the rule could not score because data that it reads are absent; they are in no mean.
    package let missingData: Int
    /// What the first of them lacks.
    package let firstMissing: String?
    /// Replies that reached the limit of tokens.
    package let cutReplies: Int
    package let seconds: Double

    package var errorCount: Int { errors.values.reduce(0, +) }

    /// Items that ought to have a score and have none.
    package var unscored: Int { errorCount + missingData }

    /// With more items than this share without a score, a score says little of the model.
    private static let unscoredLimit = 0.05

    package var isQuotable: Bool { Double(unscored) <= Self.unscoredLimit * Double(unscored + score.count) }

    /// A column with more values than this is no grouping.
    private static let valueLimit = 64

    /// - Parameter indices: items that are summed up.
    package init(
        _ results: Results<RunHeader, AnswerOutcome>, of indices: some Sequence<Int>,
        bootstrap: PairedBootstrap = PairedBootstrap(resamples: 2000)
    ) {
        let wanted = Set(indices)
        let lines = results.lines.values.filter { wanted.contains($0.item.index) }
            .sorted { $0.item.index < $1.item.index }
        let scored = ScoredItems(results).items.values.filter { wanted.contains($0.facts.index) }
            .sorted { $0.facts.index < $1.facts.index }
        score = MeanScore(scored, bootstrap: bootstrap)
        groups = Self.groups(scored, bootstrap)
        headline = Self.headline(results.header.items, lines)
        let failed = lines.filter(\.outcome.failed)
        errors = failed.reduce(into: [:]) { $0[$1.outcome.error?.kind.rawValue ?? "", default: 0] += 1 }
        firstError = failed.first.map { "item \($0.item.id): \($0.outcome.error?.message ?? "")" }
        undecided = lines.count { $0.outcome.verdict?.state == .undecided }
        judged = lines.count { $0.outcome.verdict?.judge != nil && $0.outcome.verdict?.state == .scored }
        leftOut = lines.count { $0.outcome.verdict?.state == .leftOut }
        let missing = lines.lazy.compactMap(\.outcome.verdict).filter { $0.state == .missingData }
        missingData = missing.count
        firstMissing = missing.first.map { $0.note ?? $0.rule }
        cutReplies = lines.count { $0.outcome.finishReason == "length" }
        seconds = lines.reduce(0) { $0 + $1.outcome.seconds }
    }

    private static func headline(
        _ items: ItemSettings, _ lines: [ResultLine<AnswerOutcome>]
    ) -> [ScoreReport.Figure] {
        guard let benchmark = BenchmarkName(rawValue: items.benchmark),
            let profile = items.profile.flatMap(Profile.init)
        else { return [] }
        let samples = lines.compactMap { line -> ScoredSample? in
            guard let verdict = line.outcome.verdict, let text = line.outcome.item,
                let item = try? PredictionLine.item(Data(text.utf8))
            else { return nil }
            return ScoredSample(item, Verdict(verdict))
        }
        return ScoreReport(benchmark, profile, samples).headline
    }

    private static func groups(_ scored: [ScoredItems.Item], _ bootstrap: PairedBootstrap) -> [String: [GroupScore]] {
        var columns: [String: [GroupScore]] = [:]
        for column in Set(scored.flatMap(\.facts.groups.keys)) {
            let members = Dictionary(grouping: scored) { $0.facts.groups[column] ?? "" }
            guard members.count <= valueLimit else { continue }
            columns[column] = members.map { GroupScore(name: $0.key, score: MeanScore($0.value, bootstrap: bootstrap)) }
                .sorted { $0.name < $1.name }
        }
        return columns
    }
}
