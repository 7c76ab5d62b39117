// AI2D, the test questions: choices about school diagrams. Knows its columns only.

struct AI2D: RowReader {
    func read(_ row: TableRow) throws(PromptFault) -> RowReading {
        let options = try Choice.options(row)
        guard let answer = row.value("answer", "correctAnswer") else { throw PromptFault(reason: "it has no answer") }
        guard !options.isEmpty else { throw PromptFault(reason: "it has no options") }
        let gold = Choice.letter(answer, options)
        return RowReading(
            id: row.text("index", "id", "questionId"),
            texts: QuestionTexts(question: try Choice.question(row), options: options, hint: row.text("hint")),
            gold: gold, answers: Choice.shown(gold, options), category: row.text("category") ?? "",
            groups: Choice.groups(row, ["category"]))
    }
}
