// The benchmark `mmmu`: college questions with options, and a few open ones.

package enum MMMU {
    static func verdict(_ prediction: CodePoints, _ item: ScoringItem, _ rules: ProtocolRules) throws(ScoringError)
        -> Verdict?
    {
        if item.options.isEmpty {
            return try rules.mmmuOpen.map { rules throws(ScoringError) in try open(prediction, item, rules) }
        }
        return try rules.mmmuChoice.map { rules throws(ScoringError) in
            try Choice.verdict(prediction, item.options, rules, isHit: golds(of: item, rules))
        }
    }

    /// The letters that are right. VLMEvalKit takes a gold that is no capital letter for A.
    private static func golds(of item: ScoringItem, _ rules: ChoiceRules) throws(ScoringError) -> [String] {
        if case .tokens = rules { return [optionGold(item)] }
        return try item.textAnswers().map(\.text)
    }

    private static func optionGold(_ item: ScoringItem) -> String {
        let text = item.gold.str
        guard text.count == 1, let letter = text.scalars.first, ("A"..."Z").contains(letter) else { return "A" }
        return text.text
    }

    private static func open(_ prediction: CodePoints, _ item: ScoringItem, _ rules: OpenRules) throws(ScoringError)
        -> Verdict
    {
        switch rules {
        case .goldAsOption(let place):
            return Choice.verdict(prediction, openOptions(item), .tokens(place), isHit: [optionGold(item)])
        case .candidates, .charactersOfCandidates:
            let golds = try item.openGolds()
            var candidates = OpenAnswer.candidates(prediction)
            let extracted = candidates.map(\.description).joined(separator: " | ")
            if rules == .charactersOfCandidates { candidates = OpenAnswer.characters(candidates) }
            let isCorrect = OpenAnswer.isCorrect(candidates, golds: golds)
            return Verdict(
                isCorrect ? 1 : 0, rule: isCorrect ? "a candidate holds a gold" : "no candidate holds a gold",
                extracted: extracted)
        }
    }

    /// The two options that VLMEvalKit makes of an open question; its judge is shown them too.
    package static func openOptions(_ item: ScoringItem) -> [ScoringItem.Option] {
        [
            ScoringItem.Option(letter: "A", text: item.gold.str.text),
            ScoringItem.Option(letter: "B", text: "Other Answers"),
        ]
    }
}

extension ScoringItem {
    /// The golds of an open question; a gold that the data spells as a Python list is that list.
    fileprivate func openGolds() throws(ScoringError) -> [CodePoints] {
        if let number = gold.numberText { return [number] }
        return try textAnswers()
    }
}

extension OpenAnswer.Candidate: CustomStringConvertible {
    package var description: String {
        switch self {
        case .number(let value): PythonFloat.repr(value)
        case .text(let text): text.text
        }
    }
}
