// Lines of files that were written before items had names, prompts in parts and verdicts. Read, never written.

import BenchmarkData
import JSONText

extension ItemFacts {
    /// Columns that stood beside the index.
    private struct Columns: Decodable {
        let index: Int
        let family: String
        let kind: String
        let level: Int
        let tiles: Int
        let font: String
        let layout: String
    }

    static func firstVersion(from decoder: any Decoder) throws -> ItemFacts {
        let columns = try Columns(from: decoder)
        return ItemFacts(
            index: columns.index,
            groups: [
                "family": columns.family, "kind": columns.kind, "level": "\(columns.level)",
                "tiles": "\(columns.tiles)", "font": columns.font, "layout": columns.layout,
            ])
    }
}

extension AnswerOutcome {
    private struct Columns: Decodable {
        let question: String
        let answers: [String]
        let reply: String?
        let correct: Bool?
        let tokens: Int?
        let finishReason: String?
        let seconds: Double
        let error: String?
    }

    package static func firstVersion(from decoder: any Decoder) throws -> AnswerOutcome {
        let columns = try Columns(from: decoder)
        var outcome = AnswerOutcome(
            prompt: [Part(text: columns.question)], answers: columns.answers, seconds: columns.seconds)
        outcome.reply = columns.reply
        outcome.tokens = columns.tokens
        outcome.finishReason = columns.finishReason
        outcome.verdict = columns.correct.map { RunVerdict(score: $0 ? 1 : 0, rule: ExactMatch.rule) }
        outcome.error = columns.error.map { Failure(.model, $0) }
        return outcome
    }
}
