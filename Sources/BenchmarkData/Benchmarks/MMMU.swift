// MMMU, the validation questions: thirty college subjects, choices and short answers, several images. Knows its columns only.

import Scoring

struct MMMU: RowReader {
    /// VLMEvalKit's table has the questions for few-shot prompts too.
    func takes(split: String) -> Bool { split.isEmpty || split == "validation" }

    func read(_ row: TableRow) throws(PromptFault) -> RowReading {
        let id = row.text("id", "index")
        let options = try Choice.options(row)
        guard let answer = row.value("answer") else { throw PromptFault(reason: "it has no answer") }
        // A list of short answers; as text it is what stands in the cell.
        let gold = options.isEmpty ? row.list("answer").flatMap { $0.count > 1 ? .list($0) : nil } ?? answer : answer
        // `validation_Math_3` of the original data names the subject.
        let named = id.map { $0.split(separator: "_") } ?? []
        let subject =
            row.text("category") ?? (named.count > 2 ? named[1..<(named.count - 1)].joined(separator: "_") : nil)
        return RowReading(
            id: id,
            texts: QuestionTexts(question: try Choice.question(row), options: options, hint: row.text("hint")),
            gold: gold, answers: Choice.shown(gold, options), category: subject ?? "",
            groups: Choice.groups(
                row, ["l2-category", "split", "topic_difficulty", "subfield"],
                ["category": subject, "question_type": options.isEmpty ? "open" : "choice"]))
    }
}

/// What the choices of several benchmarks have in common.
enum Choice {
    static func question(_ row: TableRow) throws(PromptFault) -> String {
        guard let question = row.text("question") else { throw PromptFault(reason: "it has no question") }
        return question
    }

    private static let letters = (0..<26).compactMap { Unicode.Scalar(UInt8(ascii: "A") + $0).description }

    /// Columns `A`, `B`, ... of a table, or a list.
    static func options(_ row: TableRow) throws(PromptFault) -> [ScoringItem.Option] {
        if let list = row.list("options", "answerTexts") {
            guard list.count <= letters.count else { throw PromptFault(reason: "it has \(list.count) options") }
            return zip(letters, list).map { ScoringItem.Option(letter: $0, text: $1.str.text) }
        }
        return letters.compactMap { letter in row.text(letter).map { ScoringItem.Option(letter: letter, text: $0) } }
    }

    /// The answer's letter, where it is an index into the options.
    static func letter(_ gold: PythonValue, _ options: [ScoringItem.Option]) -> PythonValue {
        guard let place = Int(gold.str.text), options.indices.contains(place) else { return gold }
        return .text(CodePoints(options[place].letter))
    }

    /// The gold for people: `B. root`, or the texts of an open question.
    static func shown(_ gold: PythonValue, _ options: [ScoringItem.Option]) -> [String] {
        if let option = options.first(where: { $0.letter == gold.str.text }) {
            return [option.text.hasPrefix(option.letter + ".") ? option.text : "\(option.letter). \(option.text)"]
        }
        return (gold.elements ?? [gold]).map(\.str.text)
    }

    /// The columns of these names that the row has, and others.
    static func groups(_ row: TableRow, _ columns: [String], _ others: [String: String?] = [:]) -> [String: String] {
        var groups = others.compactMapValues { $0 }
        for column in columns {
            guard groups[column] == nil, let value = row.value(column) else { continue }
            groups[column] = value.elements.map { $0.map(\.str.text).joined(separator: ", ") } ?? value.str.text
        }
        return groups
    }
}
