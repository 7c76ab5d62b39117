// MMMU's parser of open answers: candidates out of a reply, and whether one of them is the gold.

package enum OpenAnswer {
    package enum Candidate: Sendable, Hashable {
        case number(Double)
        case text(CodePoints)
    }

    private static let indicators: [CodePoints] = [
        "could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ",
    ]
    /// One more of the last line.
    private static let lastIndicators = indicators + ["="]
    private static let fullStop: CodePoints = "."
    private static let lineEnd: CodePoints = "\n"
    private static let blank: CodePoints = " "
    private static let trivial: [CodePoints] = [":", ",", ".", "!", "?", ";", "'"]

    /// Candidates of a reply without repetitions, in the order in which they are found.
    package static func candidates(_ reply: CodePoints) -> [Candidate] {
        let pieces = keyPieces(reply)
        var seen: Set<Candidate> = []
        return (pieces + pieces.flatMap(OpenNumbers.all)).flatMap(normalised).filter { seen.insert($0).inserted }
    }

    /// A gold as candidates: a number rounded to hundredths, or text in lower case, a single code point with a blank on
    /// either side.
    package static func normalised(_ text: CodePoints) -> [Candidate] {
        let text = text.stripped
        if let number = PythonFloat.parse(text.removing(",")) {
            return [.number(PythonFloat.roundedToHundredths(number))]
        }
        let lowered = text.lowered
        return lowered.count == 1 ? [.text(blank + lowered), .text(lowered + blank)] : [.text(lowered)]
    }

    package static func isCorrect(_ candidates: [Candidate], golds: [CodePoints]) -> Bool {
        let golds = golds.flatMap(normalised)
        return candidates.contains { candidate in
            switch candidate {
            case .number: golds.contains(candidate)
            case .text(let text):
                golds.contains { if case .text(let gold) = $0 { text.contains(gold) } else { false } }
            }
        }
    }

    /// What lmms-eval made of the candidates until 0.7.2: the text of the first, or of their list, read character by
    /// character.
    package static func characters(_ candidates: [Candidate]) -> [Candidate] {
        guard let first = candidates.first else { return [] }
        let text: CodePoints =
            switch first {
            case .number(let value): CodePoints(PythonFloat.repr(value))
            case .text(let text): text
            }
        return text.scalars.map { .text(CodePoints([$0])) }
    }

    /// The tails after words that announce an answer; the whole reply when no line has one.
    private static func keyPieces(_ reply: CodePoints) -> [CodePoints] {
        // The public code means to split sentences before a capital, but the text is in lower case by then: only the few
        // capitals without a small form could still split it, and A to Z have one.
        let text = reply.stripped.stripped(of: fullStop).lowered
        let lines = text.split(on: lineEnd)
        var pieces: [CodePoints] = []
        for (index, line) in lines.enumerated() {
            var shortest: CodePoints?
            for indicator in index == lines.count - 1 ? lastIndicators : indicators {
                // No indicator overlaps itself, so that what follows the last is the last piece between them.
                guard let offset = line.lastOffset(of: indicator) else { continue }
                let tail = line[(offset + indicator.count)...].stripped
                // An empty tail counts as none, so the next one replaces it.
                if let current = shortest, !current.isEmpty, tail.count >= current.count { continue }
                shortest = tail
            }
            if let shortest, !shortest.isEmpty, !trivial.contains(shortest) { pieces.append(shortest) }
        }
        return pieces.isEmpty ? [text] : pieces
    }
}
