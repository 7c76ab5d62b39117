// The table of a run, for a terminal. Knows how figures are written, not how they come about.

import BenchmarkData
import Evaluation
import Foundation

extension AnswerSummary {
    /// Columns that a table shows, where the items have them, in this order.
    private static let columns = [
        "family", "level", "font", "language", "split", "category", "l2-category", "question_types", "answer_type",
        "duration", "domain",
    ]

    func text(_ header: RunHeader) -> String {
        var table = TextTable(["", "items", "score", "95 % interval"])
        func row(_ name: String, _ score: MeanScore) {
            table.add([name, "\(score.count)", Figures.percent(score.mean), Figures.percent(score.interval)])
        }
        row("all", score)
        for column in Self.columns {
            guard let groups = groups[column], groups.count > 1 || column == "family" else { continue }
            table.rule()
            for group in groups { row((column == "level" ? "level " : "") + group.name, group.score) }
        }
        var text = "\(Figures.title(header.items)): \(header.model.name), \(header.precision)\n" + table.text
        for figure in headline {
            text += "\(figure.name): \(Figures.value(of: figure)) of \(figure.count) items\n"
        }
        text += notes(header).map { $0 + "\n" }.joined()
        return text
    }

    private func notes(_ header: RunHeader) -> [String] {
        var notes: [String] = []
        if cutReplies > 0 { notes.append("\(cutReplies) replies reached the limit of \(header.maxTokens) tokens") }
        if undecided > 0 {
            let who = header.judge == nil ? "the rules found no option, and no judge was asked" : "nobody could tell"
            notes.append("\(undecided) replies count as wrong because \(who)")
        }
        if judged > 0 { notes.append("\(judged) replies were decided by \(header.judge ?? "a judge")") }
        if leftOut > 0 { notes.append("\(leftOut) replies are left out of the mean, as the protocol says") }
        if errorCount > 0 {
            let kinds = errors.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            notes.append("\(errorCount) errors, not scored (\(kinds)); the first: \(firstError ?? "")")
        }
        if missingData > 0 {
            notes.append("\(missingData) replies have no score for want of data: \(firstMissing ?? "")")
        }
        if !isQuotable {
            notes.append(
                "more than 5 % of the items have no score: do not quote this figure"
                    + (errorCount > 0 ? "; --retry-errors asks again" : ""))
        }
        return notes
    }
}
