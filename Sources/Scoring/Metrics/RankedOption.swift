// lmms-eval's ranked list of forms in which an option letter is given.

package enum RankedOption {
    package struct Finding: Sendable, Equatable {
        package let letter: String
        package let rule: String
    }

    private static let marks: [CodePoints] = [",", ".", "!", "?", ";", ":", "'", "\""]
    private static let phrases: [CodePoints] = [
        "the answer is", "answer is", "the correct answer is", "correct answer is", "the best answer is",
        "best answer is", "the correct option is", "correct option is", "the best option is", "best option is",
        "the choice is", "choice is", "the correct choice is", "correct choice is", "i choose", "i select", "i pick",
        "my answer is", "my choice is", "옵션", "정답은", "답은", "답:", "答案是", "答案为", "选", "答えは",
    ]
    private static let endings: [(suffix: Unicode.Scalar, rank: Int, rule: String)] = [
        (".", 5, "a letter before a full stop"), (":", 4, "a letter before a colon"),
        (")", 3, "a letter before a bracket"), (" ", 2, "a letter before a space"),
    ]

    /// The best form, the later place among equal ones; nil when no letter occurs.
    package static func extract(_ reply: CodePoints, letters: [String]) -> Finding? {
        guard !reply.stripped.isEmpty else { return nil }
        let text = " " + marks.reduce(reply.stripped) { $0.stripped(of: $1) } + " "
        let letters = letters.map { CodePoints($0) }
        var best: (finding: Finding, rank: Int, offset: Int)?
        func offer(_ letter: CodePoints, _ rank: Int, _ offset: Int?, _ rule: String) {
            guard let offset else { return }
            if let best, (best.rank, best.offset) >= (rank, offset) { return }
            best = (Finding(letter: letter.text, rule: rule), rank, offset)
        }
        for letter in letters {
            offer(letter, 6, text.lastOffset(of: "(" + letter + ")"), "a letter in brackets")
        }
        for (suffix, rank, rule) in endings {
            for letter in letters { offer(letter, rank, text.lastOffset(of: letter + CodePoints([suffix])), rule) }
        }
        let lowered = text.lowered
        for phrase in phrases {
            guard let offset = lowered.firstOffset(of: phrase) else { continue }
            for letter in letters {
                offer(letter, 7, text.firstOffset(of: letter, from: offset + phrase.count), "a letter after a phrase")
            }
        }
        let core = text.stripped
        for letter in letters where core.hasPrefix(letter) && (core.count == 1 || !core.scalars[1].isPythonLetter) {
            offer(letter, 10, 0, "a letter at the start")
        }
        for letter in letters
        where core.hasSuffix(letter) && (core.count == 1 || !core.scalars[core.count - 2].isPythonLetter) {
            offer(letter, 9, text.count - 1, "a letter at the end")
        }
        if best == nil {
            for letter in letters { offer(letter, 0, text.lastOffset(of: letter), "a letter anywhere") }
        }
        return best?.finding
    }
}
