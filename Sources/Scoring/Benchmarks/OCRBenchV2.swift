// The benchmark `ocrbench-v2`: a reply under the rule of its task. Where the public code stops with an error, the verdict
// says so and counts 0.

extension OCRBenchV2 {
    /// One question of the suite, with what its rule needs at hand.
    struct Question {
        let item: ScoringItem
        let rules: SuiteRules
        let language: LanguageData
    }

    static func verdict(_ reply: CodePoints, _ question: Question) throws(ScoringError) -> Verdict {
        let item = question.item
        guard let task = task(item.category) else {
            throw .item(id: item.id, field: "type", found: "'\(item.category)'", expected: "one of the 30 task types")
        }
        switch task.rule {
        case .shortAnswer(let chinese): return shortAnswer(reply, question, chinese: chinese)
        case .counting: return counting(reply, question)
        case .formula(let unwrapsText): return formula(reply, item, unwrapsText: unwrapsText)
        case .grounding: return grounding(reply, item)
        case .positionedAnswer: return positionedAnswer(reply, item)
        case .spotting: return spotting(reply, item)
        case .keyValues: return keyValues(reply, item, isSpelled: false)
        case .spelledKeyValues: return keyValues(reply, item, isSpelled: true)
        case .outline: return try outline(reply, item)
        case .chart: return try chart(reply, item)
        case .table(let markdown): return try table(reply, question, markdown: markdown)
        case .longText(let needsF): return longText(reply, question, needsF: needsF)
        case .translation: return translation(reply, question)
        case .handwriting: return handwriting(reply, question)
        }
    }

    static func raises(_ what: String) -> Verdict { Verdict(0, .raises(what), rule: "the public code stops: " + what) }

    // MARK: Golds

    /// Golds as texts, numbers by their `str`; nil when one is neither.
    static func texts(_ gold: PythonValue) -> [CodePoints]? {
        let values = gold.elements ?? [gold]
        let texts = values.compactMap { value -> CodePoints? in
            switch value {
            case .text, .integer, .float, .bool: value.str
            default: nil
            }
        }
        return texts.count == values.count ? texts : nil
    }

    /// The only gold; nil when there are several or none.
    static func only(_ gold: PythonValue) -> PythonValue? {
        guard let values = gold.elements else { return gold }
        return values.count == 1 ? values[0] : nil
    }

    // MARK: Short answers

    private static func shortAnswer(_ reply: CodePoints, _ question: Question, chinese: Bool) -> Verdict {
        let item = question.item
        guard let golds = texts(item.gold) else { return raises("a gold that is no text") }
        switch item.evaluation {
        case "multiple choice":
            guard golds.count == 1 else { return raises("\(golds.count) golds for a choice") }
            let letters = reply.letters
            return Verdict(
                letters == golds[0] ? 1 : 0, rule: "the reply's letters equal the gold", extracted: letters.text)
        case "case sensitive":
            return Verdict(ShortAnswer.score(reply, golds, .caseSensitive), rule: "short answer, case counts")
        case .some(let other) where question.rules == .original: return raises("eval '\(other)'")
        default:
            return Verdict(
                ShortAnswer.score(reply, golds, chinese ? .chinese : .plain),
                rule: chinese ? "short answer without blanks" : "short answer")
        }
    }

    private static func counting(_ reply: CodePoints, _ question: Question) -> Verdict {
        guard let golds = texts(question.item.gold) else { return raises("a gold that is no text") }
        switch question.item.evaluation {
        case "exact match": return Verdict(Counting.exactScore(reply, golds), rule: "count contained")
        case "regression":
            guard let score = Counting.regressionScore(reply, golds) else { return raises("a gold that is no integer") }
            return Verdict(score, rule: "first number against the count")
        case nil where question.rules == .original: return raises("no eval")
        default: return Verdict(0, rule: "no way to evaluate is named")
        }
    }

    private static func formula(_ reply: CodePoints, _ item: ScoringItem, unwrapsText: Bool) -> Verdict {
        guard let golds = texts(item.gold) else { return raises("a gold that is no text") }
        guard unwrapsText else { return Verdict(FormulaMatch.score(reply, golds), rule: "formula without blanks") }
        if reply.lowered == "nan" { return Verdict(0, rule: "the reply is 'nan'") }
        guard golds.count == 1 else { return raises("\(golds.count) golds for a formula") }
        let score = FormulaMatch.score(
            FormulaMatch.withoutTextTags(reply), golds.map(FormulaMatch.withoutTextTags))
        return Verdict(score, rule: "formula without blanks and \\text")
    }

    private static func handwriting(_ reply: CodePoints, _ question: Question) -> Verdict {
        if CodePoints(question.item.question).contains("简答") { return longText(reply, question, needsF: false) }
        guard let gold = only(question.item.gold)?.text else { return raises("not one text as gold") }
        let separators: [CodePoints] = ["", ".", ". ", ",", ", ", "、", ";", "; ", " ", "和"]
        let letters = gold.scalars.map { CodePoints([$0]) }
        let isFound = separators.contains { reply.contains(CodePoints.joined(letters, by: $0)) }
        return Verdict(isFound ? 1 : 0, rule: "the letters with one separator contained")
    }

    // MARK: Boxes

    private static func grounding(_ reply: CodePoints, _ item: ScoringItem) -> Verdict {
        guard let box = BoxOverlap.last(in: reply) else { return Verdict(0, rule: "no box in the reply") }
        let written = box.map { "\(Int($0))" }.joined(separator: ", ")
        guard let gold = BoxOverlap.coordinates(item.gold) else {
            return Verdict(0, rule: "the gold is no box", extracted: written)
        }
        guard let ratio = BoxOverlap.ratio(box, gold) else { return raises("a box of \(gold.count) numbers") }
        return Verdict(ratio, rule: "intersection over union", extracted: written)
    }

    private static func positionedAnswer(_ reply: CodePoints, _ item: ScoringItem) -> Verdict {
        guard let members = try? KeyValues.members(of: reply) else { return raises("a reply that it cannot parse") }
        var (content, overlap) = (0.0, 0.0)
        if let answer = members["answer"]?.text {
            guard let golds = texts(item.gold) else { return raises("a gold that is no text") }
            content = ShortAnswer.score(answer, golds, .plain)
        }
        if members["bbox"]?.text != nil {
            guard let gold = item.boxes else { return raises("no gold box") }
            if let box = box(of: members), let expected = BoxOverlap.coordinates(gold) {
                overlap = BoxOverlap.ratio(box, expected) ?? 0
            }
        }
        return Verdict(0.5 * content + 0.5 * overlap, rule: "half the answer, half the box")
    }

    /// The box that a positioned answer names.
    static func box(of members: PythonDictionary) -> BoxOverlap.Box? {
        guard let text = members["bbox"]?.text, let value = try? PythonLiteral.parse(text) else { return nil }
        return BoxOverlap.coordinates(value)
    }

    private static func spotting(_ reply: CodePoints, _ item: ScoringItem) -> Verdict {
        guard let words = TextSpotting.detections(in: reply) else { return Verdict(0, rule: "no boxes with text") }
        guard let boxes = item.boxes?.elements, let contents = item.contents?.elements else {
            return raises("no gold boxes")
        }
        var golds: [TextSpotting.Word] = []
        for (box, content) in zip(boxes, contents) {
            guard let word = goldWord(box, content) else { return raises("a gold box or text") }
            golds.append(word)
        }
        guard let score = TextSpotting.score(words, golds) else { return raises("an empty gold or a line break") }
        return Verdict(score, rule: "words with the same text and place", extracted: "\(words.count) boxes")
    }

    /// The rectangle around a polygon; nil for coordinates or a text that the competition's format cannot hold.
    static func goldWord(_ box: PythonValue, _ content: PythonValue) -> TextSpotting.Word? {
        let coordinates = (box.elements ?? []).compactMap { value -> Int? in
            guard case .integer(let digits) = value, let number = Int(digits), (-1 << 30...1 << 30).contains(number)
            else { return nil }
            return number
        }
        let (across, down) = (
            coordinates.enumerated().filter { $0.offset % 2 == 0 }.map(\.element),
            coordinates.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        )
        guard coordinates.count == box.elements?.count, let text = content.text, let left = across.min(),
            let right = across.max(), let top = down.min(), let bottom = down.max()
        else { return nil }
        return TextSpotting.Word(left: left, top: top, right: right, bottom: bottom, text: text)
    }
}
