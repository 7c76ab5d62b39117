// The letter rules of two protocols: lmms-eval's for AI2D and Video-MME's own. Each is a few lines of the public code.

package enum LeadingLetter {
    /// What lmms-eval compares on AI2D: the capital before a full stop at the start, else the reply itself.
    package static func filtered(_ reply: CodePoints) -> CodePoints {
        let rest = reply.scalars.drop(while: \.isPythonSpace)
        guard let letter = rest.first, ("A"..."Z").contains(letter), rest.dropFirst().first == "." else { return reply }
        return CodePoints([letter])
    }

    /// Equality without case and ASCII punctuation.
    package static func matches(_ reply: CodePoints, _ gold: CodePoints) -> Bool {
        func normalised(_ text: CodePoints) -> CodePoints {
            CodePoints(text.lowered.scalars.filter { !$0.isASCIIPunctuation })
        }
        return normalised(reply) == normalised(gold)
    }
}

package enum FirstLetter {
    /// Two of them are glued from two by a missing comma in the public code, so they never occur.
    private static let prefixes: [CodePoints] = [
        "The best answer is", "The correct answer is", "The answer is", "The answer",
        "The best option isThe correct option is", "Best answer:Best option:", "Answer:", "Option:",
    ]
    private static let authorsPrefixes: [CodePoints] = prefixes + ["The correct answer", "The correct option"]

    /// The first capital A to D after prefixes are taken away; nil when there is none.
    package static func extract(_ reply: CodePoints, asAuthors: Bool) -> String? {
        let text = (asAuthors ? authorsPrefixes : prefixes).reduce(reply.stripped) { $0.replacing($1, with: "") }
        return text.scalars.first { ("A"..."D").contains($0) }.map { String($0) }
    }
}

extension Unicode.Scalar {
    var isASCIIPunctuation: Bool {
        (0x21...0x2F).contains(value) || (0x3A...0x40).contains(value) || (0x5B...0x60).contains(value)
            || (0x7B...0x7E).contains(value)
    }
}
