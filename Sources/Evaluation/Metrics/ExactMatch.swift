// The metric `exact`: a reply equals an accepted answer, scalar by scalar. Knows nothing of questions.

package import Scoring

/// Exact match. White space at both ends of the reply is not part of it; nothing else is forgiven: not case, not
/// punctuation, not another Unicode form of the same letters.
package enum ExactMatch {
    package static let rule =
        "reply without white space at its ends equals an accepted answer, code point by code point"

    package static func matches(_ reply: String, _ answers: [String]) -> Bool {
        let reply = CodePoints(reply).stripped.scalars
        return answers.contains { $0.unicodeScalars.elementsEqual(reply) }
    }
}

/// The scorer of the benchmark `synthetic`.
package struct ExactMatchScorer: ReplyScorer {
    package init() {}

    package var rule: String { ExactMatch.rule }

    package func verdict(
        on reply: String, gold: ScoringItem?, answers: [String]
    ) async throws(AnswerOutcome.Failure) -> RunVerdict {
        RunVerdict(score: ExactMatch.matches(reply, answers) ? 1 : 0, rule: "exact match")
    }
}
