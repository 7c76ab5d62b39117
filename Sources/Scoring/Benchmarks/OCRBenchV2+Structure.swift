// OCRBench v2's long and structured replies: dictionaries, pages, charts, tables, long texts.

extension OCRBenchV2 {
    static func keyValues(_ reply: CodePoints, _ item: ScoringItem, isSpelled: Bool) -> Verdict {
        guard let gold = only(item.gold) else { return raises("not one gold") }
        let fault = raises("a reply or gold that it cannot compare")
        do throws(PythonFault) {
            let candidates: PythonDictionary?
            if isSpelled, let text = gold.text {
                guard let members = try PythonLiteral.parse(text).dictionary else { return fault }
                var lists = PythonDictionary()
                for (key, value) in members.pairs {
                    if case .list = value { lists[key] = value } else { lists[key] = .list([value]) }
                }
                candidates = lists
            } else {
                candidates = try KeyValues.candidates(of: gold)
            }
            guard let candidates else { return Verdict(0, rule: "the gold is no dictionary") }
            let members = try KeyValues.members(of: reply)
            return Verdict(
                try KeyValues.score(members, candidates), rule: "share of keys with an equal value",
                extracted: PythonValue.dictionary(members).repr.text)
        } catch {
            return fault
        }
    }

    static func outline(_ reply: CodePoints, _ item: ScoringItem) throws(ScoringError) -> Verdict {
        guard let gold = only(item.gold)?.text else { return raises("not one text as gold") }
        do throws(Outline.Fault) {
            return Verdict(try Outline.similarity(reply, gold), rule: "edit distance of headings and lines")
        } catch {
            switch error {
            case .tooDeep: return raises("lines nested too deeply")
            case .tooLarge(let trees): throw tooLarge(trees, item)
            }
        }
    }

    private static func tooLarge(_ trees: TreeEditDistance.TooLarge, _ item: ScoringItem) -> ScoringError {
        .item(
            id: item.id, field: "the reply beside the gold", found: trees.found,
            expected: "\(TreeEditDistance.pairLimit) pairs of nodes at most")
    }

    static func chart(_ reply: CodePoints, _ item: ScoringItem) throws(ScoringError) -> Verdict {
        guard let gold = item.gold.elements?.first ?? item.gold.dictionary.map({ .dictionary($0) }) else {
            return raises("no gold")
        }
        let members: PythonDictionary
        let expected: PythonDictionary
        do throws(PythonFault) {
            members = try KeyValues.nested(of: reply)
            guard !members.isEmpty else { return Verdict(0, rule: "no dictionary in the reply") }
            // lmms-eval's data spells the gold as text.
            let spelled = try KeyValues.nested(of: gold.text ?? "")
            expected = gold.dictionary ?? spelled
        } catch {
            return raises("a reply that it cannot parse")
        }
        return try teds(
            TableText.html(from: members), TableText.html(from: expected), item,
            extracted: PythonValue.dictionary(members).repr.text, faultIsZero: false)
    }

    static func table(_ reply: CodePoints, _ question: Question, markdown: Bool) throws(ScoringError) -> Verdict {
        guard let gold = only(question.item.gold)?.text else { return raises("not one text as gold") }
        guard let form = TableForm(question.item, markdown: markdown) else {
            let rule = "the question names neither HTML nor Markdown"
            return question.rules == .original ? raises("no score: " + rule) : Verdict(0, rule: rule)
        }
        guard let table = form.reply(reply) else { return Verdict(0, rule: "no table in the reply") }
        return try teds(
            table, form.gold(gold), question.item,
            extracted: form == .html ? TableText.find(in: reply)?.text : nil, faultIsZero: form == .html)
    }

    /// How a table is written, as the question asks for it.
    enum TableForm {
        case html
        case markdown

        /// - Returns: nil where the question may ask for either and names neither.
        init?(_ item: ScoringItem, markdown: Bool) {
            let wish = CodePoints(item.question).lowered
            if !markdown || wish.contains("html") {
                self = .html
            } else if wish.contains("markdown") {
                self = .markdown
            } else {
                return nil
            }
        }

        /// The reply's table as an HTML document; nil where it has none.
        func reply(_ text: CodePoints) -> CodePoints? {
            switch self {
            case .html: TableText.find(in: text).map { TableText.wrapped($0) }
            case .markdown: TableText.html(fromMarkdown: text)
            }
        }

        func gold(_ text: CodePoints) -> CodePoints {
            switch self {
            case .html: TableText.wrapped(text)
            case .markdown: TableText.html(fromMarkdown: text)
            }
        }
    }

    /// - Parameter faultIsZero: whether the public code catches what its parser raises.
    private static func teds(
        _ prediction: CodePoints, _ gold: CodePoints, _ item: ScoringItem, extracted: String?, faultIsZero: Bool
    ) throws(ScoringError) -> Verdict {
        do throws(HTMLTable.Fault) {
            return Verdict(
                try TEDS.score(prediction, gold), rule: "edit distance of the tables' elements", extracted: extracted)
        } catch {
            switch error {
            case .invalid(let what): return faultIsZero ? Verdict(0, rule: what, extracted: extracted) : raises(what)
            case .tooLarge(let trees): throw tooLarge(trees, item)
            }
        }
    }

    // MARK: Long texts

    /// - Parameter needsF: whether a side without tokens stops the public code.
    static func longText(_ reply: CodePoints, _ question: Question, needsF: Bool) -> Verdict {
        let isHandwriting = task(question.item.category)?.rule == .handwriting
        if reply.isEmpty, !isHandwriting { return Verdict(0, rule: "an empty reply") }
        guard let gold = (question.item.gold.elements?.first ?? question.item.gold).text else {
            return raises("a gold that is no text")
        }
        do throws(LongText.Fault) {
            let figures = try LongText(reply, gold: gold, question.language)
            if needsF, figures.fMeasure == nil { return raises("no F of a text without tokens") }
            return Verdict(figures.score, rule: "mean of BLEU, METEOR, F and edit similarity")
        } catch {
            switch error {
            case .empty: return raises("both texts are empty")
            case .missing(let part): return Verdict(0, .missingData(part.remedy), rule: part.remedy)
            }
        }
    }

    static func translation(_ reply: CodePoints, _ question: Question) -> Verdict {
        if reply.isEmpty { return Verdict(0, rule: "an empty reply") }
        let gold = (question.item.gold.elements?.first ?? question.item.gold).text
        if gold?.isEmpty == true, question.rules == .original {
            return Verdict(0, .leftOut, rule: "an empty gold: not counted")
        }
        return longText(reply, question, needsF: true)
    }
}
