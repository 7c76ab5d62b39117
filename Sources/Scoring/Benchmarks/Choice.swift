// A reply to a question with options, under each protocol's way of reading a letter out of it.

package enum Choice {
    /// - Parameter golds: letters that are right.
    static func verdict(
        _ reply: CodePoints, _ options: [ScoringItem.Option], _ rules: ChoiceRules, isHit golds: [String],
        fallback: [ScoringItem.Option] = []
    ) -> Verdict {
        func settled(_ letter: String, _ rule: String) -> Verdict {
            Verdict(golds.contains(letter) ? 1 : 0, rule: rule, extracted: letter)
        }
        switch rules {
        case .tokens(let place):
            guard let found = OptionTokens.infer(reply, options, place) else {
                return Verdict(
                    golds.contains(OptionTokens.refusal) ? 1 : 0, .undecided, rule: "no option found, or several",
                    extracted: OptionTokens.refusal)
            }
            return settled(found.letter, found.rule)
        case .parsed(let boundary):
            guard let found = OptionParser.parse(reply, options, boundary) else {
                return Verdict(0, .guess, rule: "no option found: the public code guesses here")
            }
            return settled(found.letter, found.rule)
        case .leadingLetter:
            let filtered = LeadingLetter.filtered(reply)
            let isHit = golds.contains { LeadingLetter.matches(filtered, CodePoints($0)) }
            return Verdict(
                isHit ? 1 : 0, rule: "equality without case and punctuation", extracted: filtered.text)
        case .firstLetter(let place):
            if let letter = FirstLetter.extract(reply, asAuthors: place == nil) {
                return settled(letter, "the first A to D")
            }
            guard let place else { return Verdict(0, .leftOut, rule: "no capital A to D: not counted") }
            return verdict(reply, fallback, .tokens(place), isHit: golds)
        case .ranked:
            guard let found = RankedOption.extract(reply, letters: options.map(\.letter)) else {
                return Verdict(0, rule: "no option letter", extracted: "")
            }
            let isHit = golds.contains { CodePoints($0).lowered == CodePoints(found.letter).lowered }
            return Verdict(isHit ? 1 : 0, rule: found.rule, extracted: found.letter)
        }
    }
}
