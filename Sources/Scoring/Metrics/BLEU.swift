// Sentence BLEU up to four-grams without smoothing, as NLTK computes it. Knows tokens, no text.

import Foundation

package enum BLEU {
    private static let orders = 4
    /// Stands for a precision of zero, so that its logarithm exists: such a score is about 1e-77 or less, not 0.
    private static let tiny = Double.leastNormalMagnitude

    package static func score(_ hypothesis: [CodePoints], reference: [CodePoints]) -> Double {
        guard !hypothesis.isEmpty else { return 0 }
        var sum = 0.0
        for order in 1...orders {
            let found = counts(hypothesis, order)
            let expected = counts(reference, order)
            let matches = found.reduce(0) { $0 + min($1.value, expected[$1.key] ?? 0) }
            if order == 1, matches == 0 { return 0 }
            let total = max(1, hypothesis.count - order + 1)
            sum += 0.25 * (matches == 0 ? log(tiny) : log(Double(matches) / Double(total)))
        }
        let ratio = Double(reference.count) / Double(hypothesis.count)
        return (hypothesis.count > reference.count ? 1 : exp(1 - ratio)) * exp(sum)
    }

    private static func counts(_ tokens: [CodePoints], _ order: Int) -> [ArraySlice<CodePoints>: Int] {
        guard tokens.count >= order else { return [:] }
        var counts: [ArraySlice<CodePoints>: Int] = [:]
        for start in 0...tokens.count - order { counts[tokens[start..<start + order], default: 0] += 1 }
        return counts
    }
}
