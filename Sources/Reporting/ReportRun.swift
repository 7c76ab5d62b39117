// A run file as a report reads it. Knows the run format; asks no model.

package import Evaluation
import Foundation

package struct ReportRun: Sendable {
    package let path: String
    let results: Results<RunHeader, AnswerOutcome>
    let summary: AnswerSummary
    let scored: ScoredItems

    var header: RunHeader { results.header }

    /// Model and arithmetic.
    var label: String {
        header.precision == RunHeader.endpoint ? header.model.name : "\(header.model.name), \(header.precision)"
    }

    package init(reading path: String) throws(EvaluationError) {
        let kind = try ResultText(path).kind()
        guard kind == RunHeader.kind else {
            throw .option(
                name: path, found: "a file of kind \"\(kind)\"",
                expected: "one of kind \"\(RunHeader.kind)\", as monocle eval run writes")
        }
        self.path = path
        results = try Results(reading: path)
        summary = AnswerSummary(results, of: Array(results.lines.keys))
        scored = ScoredItems(results)
    }
}

/// Runs about the same items: what a report puts side by side.
struct RunGroup {
    let runs: [ReportRun]

    var header: RunHeader { runs[0].header }

    /// Every index that a run has a line for.
    var indices: [Int] { Set(runs.flatMap(\.results.lines.keys)).sorted() }

    /// Groups in order of their first run. Runs of one benchmark under different protocols or data stay apart.
    static func groups(_ runs: [ReportRun]) -> [RunGroup] {
        var groups: [[ReportRun]] = []
        for run in runs {
            if let place = groups.firstIndex(where: { $0[0].header.items == run.header.items }) {
                groups[place].append(run)
            } else {
                groups.append([run])
            }
        }
        return groups.map { RunGroup(runs: $0) }
    }
}
