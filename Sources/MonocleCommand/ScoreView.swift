// Scored predictions as a person or a program reads them: tables, or one JSON object. Scores nothing itself.

import Evaluation
import Foundation
import Scoring

struct ScoreView: Encodable {
    struct Sample: Encodable {
        let id: String
        let verdict: RunVerdict
    }

    let benchmark: String
    let profile: String
    let origin: String
    let samples: Int
    let counted: Int
    let states: [String: Int]
    let headline: [ScoreReport.Figure]
    let sections: [ScoreReport.Section]
    let errors: [ScoredPredictions.Failure]
    let malformed: [ScoredPredictions.Fault]
    let processorSeconds: Double
    let verdicts: [Sample]

    init(_ scored: ScoredPredictions, _ benchmark: BenchmarkName, _ profile: Profile, processorSeconds: Double) {
        let report = ScoreReport(benchmark, profile, scored.samples)
        self.benchmark = benchmark.rawValue
        self.profile = profile.rawValue
        origin = profile.origin
        samples = scored.samples.count
        verdicts = scored.samples.map { Sample(id: $0.item.id, verdict: RunVerdict($0.verdict)) }
        counted = verdicts.count { $0.verdict.counts }
        states = verdicts.reduce(into: [:]) { $0[$1.verdict.state.rawValue, default: 0] += 1 }
        (headline, sections) = (report.headline, report.sections)
        (errors, malformed) = (scored.failures, scored.faults)
        self.processorSeconds = processorSeconds
    }

    /// How many faults a person is shown.
    private static let shown = 5

    var text: String {
        var text = "\(benchmark) under \(profile): \(origin)\n\n"
        var table = TextTable(["", "score", "samples"])
        for figure in headline { table.add([figure.name, Figures.value(of: figure), "\(figure.count)"]) }
        for section in sections where section.figures.contains(where: { $0.count > 0 }) {
            table.rule()
            table.add([section.title, "", ""])
            for figure in section.figures where figure.count > 0 {
                table.add(["  " + figure.name, Figures.value(of: figure), "\(figure.count)"])
            }
        }
        text += table.text + "\n"
        let rate = Double(samples) / max(processorSeconds, 1e-9)
        text += String(format: "%d samples in %.3f s of one core, %.0f a second\n", samples, processorSeconds, rate)
        for (state, explanation) in Self.explanations {
            guard let count = states[state.rawValue] else { continue }
            text += "\(count) \(explanation)\n"
        }
        let missing = Set(verdicts.map(\.verdict).filter { $0.state == .missingData }.map(\.rule))
        for remedy in missing.sorted() { text += "  \(remedy)\n" }
        text += Self.list("failed requests, not scored", errors.map { "\($0.id): \($0.reason)" })
        text += Self.list("malformed lines, not scored", malformed.map { "line \($0.line): \($0.reason)" })
        return text
    }

    private static func list(_ title: String, _ entries: [String]) -> String {
        guard !entries.isEmpty else { return "" }
        let rest = entries.count > shown ? "  and \(entries.count - shown) more\n" : ""
        return "\(entries.count) \(title)\n" + entries.prefix(shown).map { "  \($0)\n" }.joined() + rest
    }

    private static let explanations: [(RunVerdict.State, String)] = [
        (.leftOut, "replies left out of the means, as the protocol has it"),
        (.undecided, "replies in which rules find no option: wrong, unless a judge decides"),
        (.guess, "replies for which the public code guesses at random: wrong here"),
        (.raises, "samples on which the public code stops with an error: 0 here"),
        (.missingData, "samples not scored for want of data:"),
    ]
}
