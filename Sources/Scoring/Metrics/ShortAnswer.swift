// OCRBench v2's short answers: containment for a gold of a few words, similarity for a longer one.

package enum ShortAnswer {
    package enum Kind: Sendable, Equatable { case plain, caseSensitive, chinese }

    package static func score(_ reply: CodePoints, _ golds: [CodePoints], _ kind: Kind) -> Double {
        func normalised(_ text: CodePoints) -> CodePoints {
            let text = (kind == .caseSensitive ? text : text.lowered).stripped.replacing(
                "\n", with: " " as Unicode.Scalar)
            return kind == .chinese ? text.removing(" ") : text
        }
        let reply = normalised(reply)
        var best = 0.0
        for gold in golds.map(normalised) {
            let isShort = kind == .chinese ? gold.split(on: ",").count < 4 : gold.words.count < 5
            if isShort {
                if reply.contains(gold) { best = 1 }
            } else {
                let length = max(reply.count, gold.count)
                let similarity = 1 - (length == 0 ? 0 : Double(Levenshtein.distance(reply, gold)) / Double(length))
                if similarity >= 0.5 { best = max(best, similarity) }
            }
        }
        return best
    }
}
