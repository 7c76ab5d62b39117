// DocVQA, the validation questions: texts to be read off scanned pages. Knows its columns only.

import Scoring

struct DocVQA: RowReader {
    func takes(split: String) -> Bool { split != "test" && split != "train" }

    func read(_ row: TableRow) throws(PromptFault) -> RowReading {
        try DocumentRow.read(row, groupedBy: ["question_types", "category"])
    }
}

/// What DocVQA's and InfoVQA's rows have in common.
enum DocumentRow {
    static func read(_ row: TableRow, groupedBy columns: [String]) throws(PromptFault) -> RowReading {
        guard let answers = row.list("answers", "answer"), !answers.isEmpty else {
            throw PromptFault(reason: "it has no answers")
        }
        return RowReading(
            id: row.text("questionId", "index", "id"), texts: QuestionTexts(question: try Choice.question(row)),
            gold: .list(answers.map { .text($0.str) }), answers: answers.map(\.str.text),
            groups: Choice.groups(row, columns))
    }
}
