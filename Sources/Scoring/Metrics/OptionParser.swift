// MMMU's own parser of a choice, and lmms-eval's widened one. Where the public code guesses, this finds nothing.

package enum OptionParser {
    package struct Finding: Sendable, Equatable {
        package let letter: String
        package let rule: String
    }

    private static let marks: [CodePoints] = [",", ".", "!", "?", ";", ":", "'"]

    package static func parse(
        _ reply: CodePoints, _ options: [ScoringItem.Option], _ boundary: ChoiceRules.Boundary
    ) -> Finding? {
        // Each mark is taken off both ends once, in turn.
        let text = " " + marks.reduce(reply) { $0.stripped(of: $1) } + " "
        func candidates(_ form: (CodePoints) -> CodePoints) -> [ScoringItem.Option] {
            options.filter { text.contains(form(CodePoints($0.letter))) }
        }
        func last(_ candidates: [ScoringItem.Option], _ form: (ScoringItem.Option) -> CodePoints, in text: CodePoints)
            -> ScoringItem.Option?
        {
            var best: (option: ScoringItem.Option, offset: Int)?
            for option in candidates {
                let offset = text.lastOffset(of: form(option)) ?? -1
                if best.map({ offset > $0.offset }) ?? true { best = (option, offset) }
            }
            return best?.option
        }

        let bracketed = candidates { "(" + $0 + ")" }
        if let option = last(bracketed, { "(" + CodePoints($0.letter) + ")" }, in: text) {
            return Finding(letter: option.letter, rule: "a letter in brackets")
        }
        let forms: [((CodePoints) -> CodePoints, String)] =
            switch boundary {
            case .spaced: [({ " " + $0 + " " }, "a letter between spaces")]
            case .followed: [({ $0 + " " }, "a letter before a space"), ({ $0 + "." }, "a letter before a full stop")]
            }
        for (form, rule) in forms {
            let found = candidates(form)
            if let option = last(found, { " " + CodePoints($0.letter) + " " }, in: text) {
                return Finding(letter: option.letter, rule: rule)
            }
        }
        guard text.words.count > 5 else { return nil }
        let lowered = text.lowered
        let contained = options.filter { lowered.contains(CodePoints($0.text).lowered) }
        return last(contained, { CodePoints($0.text).lowered }, in: lowered).map {
            Finding(letter: $0.letter, rule: "an option's text contained")
        }
    }
}
