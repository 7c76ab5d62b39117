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
    /// Why there is no mean although items were asked; nil where there is one, or no item.
    var withheld: String?
}

extension Headline {
    /// The mean over items, as the run itself sums it up.
    init(_ score: MeanScore) {
        self.init(count: score.count, mean: score.mean, lower: score.interval?.lower, upper: score.interval?.upper)
    }

    /// The mean of the means of groups: the rule of OCRBench v2, where a group is an ability.
    init(_ scores: [Double], groups: [Clusters], bootstrap: PairedBootstrap) {
        let groups = groups.filter { !$0.members.isEmpty }
        let mean = MacroMean([scores], groups: groups, bootstrap)
        let interval = mean.interval { $0[0] }
        self.init(
            count: groups.flatMap(\.members).reduce(0) { $0 + $1.count }, mean: groups.isEmpty ? nil : mean.means[0],
            lower: interval?.lower, upper: interval?.upper)
    }
}

extension Headline {
    /// The same without its figure where too many items of the run have no score.
    fileprivate func withheld(by summary: AnswerSummary) -> Headline {
        guard !summary.isQuotable else { return self }
        let asked = summary.unscored + summary.score.count
        return Headline(
            count: count, mean: nil, lower: nil, upper: nil,
            withheld: "\(summary.unscored) of \(asked) without a score: not to be quoted")
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
            return [
                HeadlineRow(title: title, card: card, figure: Headline(run.summary.score).withheld(by: run.summary))
            ]
        }
        let languages = [("English", CardLine.ocrbenchV2English), ("Chinese", .ocrbenchV2Chinese)]
        return languages.map { language, card in
            let items = run.scored.items.values.filter { $0.facts.groups["language"] == language }
                .sorted { $0.facts.index < $1.facts.index }
            // Some protocols average over abilities, others over all items.
            let rules = run.header.items.profile.flatMap(Profile.init)?.rules.ocrbenchV2 ?? .original
            let facts = items.map(\.facts)
            let groups = Dictionary(grouping: facts.indices) {
                rules == .original ? facts[$0].groups["ability"] ?? "" : ""
            }.sorted { $0.key < $1.key }.map { Clusters(facts, at: $0.value) }
            return HeadlineRow(
                title: card.title, card: card,
                figure: Headline(items.map(\.score), groups: groups, bootstrap: bootstrap).withheld(by: run.summary))
        }
    }
}
