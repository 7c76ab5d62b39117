// VLMEvalKit's way to an option: a letter that is a token, or an option's text in the reply. Used on judges' replies too.

package enum OptionTokens {
    /// A letter that stands for no option: the reply refused, or said that none fits.
    package static let refusal = "Z"

    package struct Finding: Sendable, Equatable {
        /// A letter of the options, or `Z`.
        package let letter: String
        package let rule: String
    }

    private static let refusals: [CodePoints] = [
        "Sorry, I can't help with images of people yet.", "I can't process this file.",
        "I'm sorry, but without the image provided", "Cannot determine the answer",
    ]
    private static let failure: CodePoints = "Failed to obtain answer via API"
    private static let marks = Set(".()[],:;!*#{}".unicodeScalars)

    /// - Returns: nil when rules find nothing, or several.
    package static func infer(
        _ reply: CodePoints, _ options: [ScoringItem.Option], _ place: ChoiceRules.TokenPlace
    ) -> Finding? {
        byLetter(reply, options, place) ?? byText(reply, options, place)
    }

    private static func byLetter(
        _ reply: CodePoints, _ options: [ScoringItem.Option], _ place: ChoiceRules.TokenPlace
    ) -> Finding? {
        if reply.contains(failure) { return nil }
        if refusals.contains(where: reply.contains) { return Finding(letter: refusal, rule: "a refusal") }
        let tokens = CodePoints(reply.scalars.map { marks.contains($0) ? " " : $0 }).words
        let letters = options.map { CodePoints($0.letter) }
        let found = letters.filter(tokens.contains)
        if found.count == 1, let letter = found.first, let offset = tokens.firstIndex(of: letter) {
            if place == .anywhere || offset > tokens.count - 5 {
                return Finding(letter: letter.text, rule: "the only option letter among the tokens")
            }
        } else if found.isEmpty, tokens.contains(CodePoints(refusal)) {
            return Finding(letter: refusal, rule: "the token Z")
        }
        if place == .nearEnd, let letter = afterPhrase(reply), letters.contains(CodePoints(letter)) {
            return Finding(letter: letter, rule: "the letter after 'answer is'")
        }
        return nil
    }

    /// The letter in `answer is **X`, in any case, without a boundary after it.
    private static func afterPhrase(_ reply: CodePoints) -> String? {
        let text = reply.scalars
        func matches(_ word: String, at start: Int) -> Int? {
            var offset = start
            for scalar in word.unicodeScalars {
                guard offset < text.count, text[offset].caseFolded == scalar else { return nil }
                offset += 1
            }
            return offset
        }
        func spaces(at start: Int) -> Int? {
            var offset = start
            while offset < text.count, text[offset].isPythonSpace { offset += 1 }
            return offset > start ? offset : nil
        }
        for start in text.indices where text[start].caseFolded == "a" {
            guard let afterAnswer = matches("answer", at: start).flatMap(spaces),
                let afterIs = matches("is", at: afterAnswer).flatMap(spaces)
            else { continue }
            var offset = afterIs
            while offset < text.count, text[offset] == "*" { offset += 1 }
            guard offset < text.count, ("a"..."d").contains(text[offset].caseFolded) else { continue }
            return String(text[offset]).uppercased()
        }
        return nil
    }

    private static func byText(
        _ reply: CodePoints, _ options: [ScoringItem.Option], _ place: ChoiceRules.TokenPlace
    ) -> Finding? {
        let reply = reply.lowered
        let texts = options.map { CodePoints($0.text) }
        if place == .nearEnd, reply.count > 2 * texts.reduce(0, { $0 + $1.count }) { return nil }
        let found = zip(options, texts).filter { reply.contains($1.lowered) }
        guard found.count == 1, let option = found.first?.0 else { return nil }
        return Finding(letter: option.letter, rule: "the only option text contained")
    }
}

extension Unicode.Scalar {
    /// The scalar as Python's `re.IGNORECASE` compares it with an ASCII letter.
    var caseFolded: Unicode.Scalar {
        switch value {
        case 0x41...0x5A: Unicode.Scalar(UInt8(value) + 0x20)
        case 0x130, 0x131: "i"
        case 0x17F: "s"
        case 0x212A: "k"
        default: self
        }
    }
}
