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

    /// What is looked for of one letter.
    private struct Forms {
        let letter: CodePoints
        let bracketed: CodePoints
        /// In the order of `endings`.
        let ended: [CodePoints]

        init(_ letter: String) {
            self.letter = CodePoints(letter)
            bracketed = "(" + self.letter + ")"
            ended = RankedOption.endings.map { CodePoints(letter) + CodePoints([$0.suffix]) }
        }
    }

    /// Most questions have these: their forms are made once.
    private static let usualLetters = ["A", "B", "C", "D"]
    private static let usualForms = usualLetters.map { Forms($0) }
    private static let blank: CodePoints = " "

    /// The best form, the later place among equal ones; nil when no letter occurs.
    package static func extract(_ reply: CodePoints, letters: [String]) -> Finding? {
        let bare = reply.stripped
        guard !bare.isEmpty else { return nil }
        let text = blank + marks.reduce(bare) { $0.stripped(of: $1) } + blank
        let forms = letters == usualLetters ? usualForms : letters.map { Forms($0) }
        var best: (place: Int, rule: String, rank: Int, offset: Int)?
        func offer(_ place: Int, _ rank: Int, _ offset: Int?, _ rule: String) {
            guard let offset else { return }
            if let best, (best.rank, best.offset) >= (rank, offset) { return }
            best = (place, rule, rank, offset)
        }
        for (place, form) in forms.enumerated() {
            offer(place, 6, text.lastOffset(of: form.bracketed), "a letter in brackets")
        }
        for (number, ending) in endings.enumerated() {
            for (place, form) in forms.enumerated() {
                offer(place, ending.rank, text.lastOffset(of: form.ended[number]), ending.rule)
            }
        }
        let lowered = text.lowered
        for phrase in phrases {
            guard let offset = lowered.firstOffset(of: phrase) else { continue }
            for (place, form) in forms.enumerated() {
                offer(
                    place, 7, text.firstOffset(of: form.letter, from: offset + phrase.count), "a letter after a phrase")
            }
        }
        let core = text.stripped
        for (place, form) in forms.enumerated()
        where core.hasPrefix(form.letter) && (core.count == 1 || !core.scalars[1].isPythonLetter) {
            offer(place, 10, 0, "a letter at the start")
        }
        for (place, form) in forms.enumerated()
        where core.hasSuffix(form.letter) && (core.count == 1 || !core.scalars[core.count - 2].isPythonLetter) {
            offer(place, 9, text.count - 1, "a letter at the end")
        }
        if best == nil {
            for (place, form) in forms.enumerated() {
                offer(place, 0, text.lastOffset(of: form.letter), "a letter anywhere")
            }
        }
        return best.map { Finding(letter: letters[$0.place], rule: $0.rule) }
    }
}
