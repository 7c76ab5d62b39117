// Scored predictions as a person or a program reads them: tables, or one JSON object. Scores nothing itself.

import Foundation
import Scoring

struct ScoreView: Encodable {
    struct Figure: Encodable {
        let name: String
        /// Absent where nothing is counted.
        let score: Double?
        let count: Int
        let isSum: Bool

        init(_ figure: ScoreReport.Figure) {
            (name, score, count) = (figure.name, figure.value, figure.count)
            isSum = figure.unit == .points
        }

        var text: String {
            guard let score else { return "-" }
            return isSum
                ? String(format: score == score.rounded() ? "%.0f" : "%.1f", score)
                : String(format: "%.2f %%", score * 100)
        }
    }

    struct Section: Encodable {
        let title: String
        let figures: [Figure]
    }

    struct Sample: Encodable {
        let id: String
        let score: Double
        let counted: Bool
        let state: String
        let rule: String
        let extracted: String?
    }

    struct Failure: Encodable {
        let id: String
        let reason: String
    }

    struct Fault: Encodable {
        let line: Int
        let reason: String
    }

    let benchmark: String
    let profile: String
    let origin: String
    let samples: Int
    let counted: Int
    let states: [String: Int]
    let headline: [Figure]
    let sections: [Section]
    let errors: [Failure]
    let malformed: [Fault]
    let processorSeconds: Double
    let verdicts: [Sample]

    init(_ scored: ScoredPredictions, _ benchmark: BenchmarkName, _ profile: Profile, processorSeconds: Double) {
        let report = ScoreReport(benchmark, profile, scored.samples)
        self.benchmark = benchmark.rawValue
        self.profile = profile.rawValue
        origin = profile.origin
        samples = scored.samples.count
        counted = scored.samples.count { $0.verdict.isCounted }
        states = scored.samples.reduce(into: [:]) { $0[$1.verdict.state.name, default: 0] += 1 }
        headline = report.headline.map(Figure.init)
        sections = report.sections.map { Section(title: $0.title, figures: $0.figures.map(Figure.init)) }
        errors = scored.failures.map { Failure(id: $0.id, reason: $0.reason) }
        malformed = scored.faults.map { Fault(line: $0.line, reason: $0.reason) }
        self.processorSeconds = processorSeconds
        verdicts = scored.samples.map { sample in
            let verdict = sample.verdict
            return Sample(
                id: sample.item.id, score: verdict.score, counted: verdict.isCounted, state: verdict.state.name,
                rule: verdict.rule, extracted: verdict.extracted)
        }
    }

    /// How many faults a person is shown.
    private static let shown = 5

    var text: String {
        var text = "\(benchmark) under \(profile): \(origin)\n\n"
        var table = TextTable(["", "score", "samples"])
        for figure in headline { table.add([figure.name, figure.text, "\(figure.count)"]) }
        for section in sections where section.figures.contains(where: { $0.count > 0 }) {
            table.rule()
            table.add([section.title, "", ""])
            for figure in section.figures where figure.count > 0 {
                table.add(["  " + figure.name, figure.text, "\(figure.count)"])
            }
        }
        text += table.text + "\n"
        let rate = Double(samples) / max(processorSeconds, 1e-9)
        text += String(format: "%d samples in %.3f s of one core, %.0f a second\n", samples, processorSeconds, rate)
        for (name, explanation) in Self.explanations {
            guard let count = states[name] else { continue }
            text += "\(count) \(explanation)\n"
        }
        let missing = Set(verdicts.filter { $0.state == "missing data" }.map(\.rule))
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

    private static let explanations = [
        ("left out", "replies left out of the means, as the protocol has it"),
        ("undecided", "replies in which rules find no option: wrong, unless a judge decides"),
        ("guess", "replies for which the public code guesses at random: wrong here"),
        ("raises", "samples on which the public code stops with an error: 0 here"),
        ("missing data", "samples not scored for want of data:"),
    ]
}

extension Verdict.State {
    /// The word for it in a report.
    var name: String {
        switch self {
        case .scored: "scored"
        case .leftOut: "left out"
        case .undecided: "undecided"
        case .guess: "guess"
        case .raises: "raises"
        case .missingData: "missing data"
        }
    }
}
