// The benchmark `videomme`: questions with four options on a video.

package enum VideoMME {
    private static let letters = ["A", "B", "C", "D"]

    static func verdict(_ prediction: CodePoints, _ item: ScoringItem, _ rules: ChoiceRules) throws(ScoringError)
        -> Verdict
    {
        let options = letters.map { ScoringItem.Option(letter: $0, text: "") }
        return Choice.verdict(
            prediction, options, rules, isHit: try item.textAnswers().map(\.text),
            fallback: optionsInQuestion(CodePoints(item.question)))
    }

    /// The options a judge is shown: the item's own, whose texts begin with their letters, or else those in the question.
    package static func judgedOptions(_ item: ScoringItem) -> [ScoringItem.Option] {
        guard !item.options.isEmpty else { return optionsInQuestion(CodePoints(item.question)) }
        return item.options.map { option in
            let mark = option.letter + "."
            guard option.text.hasPrefix(mark) else { return option }
            let text = CodePoints(String(option.text.dropFirst(mark.count))).stripped(of: ". \n")
            return ScoringItem.Option(letter: option.letter, text: text.text)
        }
    }

    /// The options that VLMEvalKit reads out of the lines after the question's first, for what its first rule leaves over.
    static func optionsInQuestion(_ question: CodePoints) -> [ScoringItem.Option] {
        question.split(on: "\n").dropFirst().prefix(26).enumerated().compactMap { index, line in
            let letter = String(UnicodeScalar(UInt8(0x41 + index)))
            let mark = CodePoints(letter + ".")
            return line.firstOffset(of: mark).map {
                ScoringItem.Option(letter: letter, text: line[($0 + mark.count)...].stripped(of: ". \n").text)
            }
        }
    }
}
