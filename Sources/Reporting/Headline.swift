// The figures of a run as its benchmark publishes them: which items, how averaged. Knows scores, not where they come from.

import Evaluation
import Foundation
import Scoring

/// One figure of one run, with its interval.
struct Headline: Encodable, Sendable, Equatable {
    let count: Int
    /// 0...1; nil without items.
    let mean: Double?
    let lower: Double?
    let upper: Double?
}

extension Headline {
    /// The mean over items, as the run itself sums it up.
    init(_ score: MeanScore) {
        self.init(count: score.count, mean: score.mean, lower: score.interval?.lower, upper: score.interval?.upper)
    }

    /// The mean of the means of groups, each resampled by itself: the rule of OCRBench v2, where a group is an ability.
    init(groups: [[Double]], bootstrap: PairedBootstrap) {
        let groups = groups.filter { !$0.isEmpty }
        guard !groups.isEmpty else {
            self.init(count: 0, mean: nil, lower: nil, upper: nil)
            return
        }
        let number = Double(groups.count)
        var resamples = [SIMD4<Double>](repeating: SIMD4(), count: bootstrap.resamples)
        for (place, group) in groups.enumerated() {
            // A seed of its own, so that no two groups are drawn alike.
            let own = PairedBootstrap(seed: bootstrap.seed &+ UInt64(place) &* 7919, resamples: bootstrap.resamples)
            for (index, means) in own.means([group]).enumerated() { resamples[index] += means / number }
        }
        let interval = PairedBootstrap.interval(resamples) { $0[0] }
        self.init(
            count: groups.reduce(0) { $0 + $1.count },
            mean: groups.reduce(0) { $0 + $1.reduce(0, +) / Double($1.count) } / number, lower: interval?.lower,
            upper: interval?.upper)
    }
}

/// A line of the headline table.
struct HeadlineRow: Sendable {
    let title: String
    /// Nil where no card has the figure, as for synthetic documents.
    let card: CardLine?
    let figure: Headline

    /// The lines of a run: one, or for OCRBench v2 one a language.
    static func rows(of run: ReportRun, bootstrap: PairedBootstrap) -> [HeadlineRow] {
        let benchmark = run.header.items.benchmark
        guard benchmark == "ocrbench-v2" else {
            let card = CardLine(rawValue: benchmark)
            let title = card?.title ?? (benchmark == "synthetic" ? "Synthetic documents" : benchmark)
            return [HeadlineRow(title: title, card: card, figure: Headline(run.summary.score))]
        }
        let languages = [("English", CardLine.ocrbenchV2English), ("Chinese", .ocrbenchV2Chinese)]
        return languages.compactMap { language, card in
            let items = run.scored.items.values.filter { $0.facts.groups["language"] == language }
                .sorted { $0.facts.index < $1.facts.index }
            guard !items.isEmpty else { return nil }
            // Some protocols average over abilities, others over all items.
            let rules = run.header.items.profile.flatMap(Profile.init)?.rules.ocrbenchV2 ?? .original
            let groups = Dictionary(grouping: items) { rules == .original ? $0.facts.groups["ability"] ?? "" : "" }
                .sorted { $0.key < $1.key }.map { $0.value.map(\.score) }
            return HeadlineRow(
                title: card.title, card: card, figure: Headline(groups: groups, bootstrap: bootstrap))
        }
    }
}
