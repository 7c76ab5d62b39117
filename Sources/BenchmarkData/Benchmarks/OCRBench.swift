// OCRBench: a thousand questions about text in images. Knows its columns only.

import Scoring

struct OCRBench: RowReader {
    func read(_ row: TableRow) throws(PromptFault) -> RowReading {
        guard let answers = row.list("answers", "answer"), !answers.isEmpty else {
            throw PromptFault(reason: "it has no answers")
        }
        guard let category = row.text("category", "question_type", "type") else {
            throw PromptFault(reason: "it has no category")
        }
        let dataset = row.text("dataset", "dataset_name") ?? ""
        return RowReading(
            id: row.text("index", "id"), texts: QuestionTexts(question: try Choice.question(row)),
            gold: .list(answers.map { .text($0.str) }), answers: answers.map(\.str.text), category: category,
            groups: Choice.groups(row, [], ["category": category, "dataset": dataset.isEmpty ? nil : dataset]),
            dataset: dataset)
    }
}
