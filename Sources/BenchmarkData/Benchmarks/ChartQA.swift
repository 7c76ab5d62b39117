// ChartQA, the test questions: short answers about charts, half asked by people. Knows its columns only.

import Scoring

struct ChartQA: RowReader {
    func read(_ row: TableRow) throws(PromptFault) -> RowReading {
        guard let question = row.text("question", "query") else { throw PromptFault(reason: "it has no question") }
        guard let answer = row.value("answer", "label") else { throw PromptFault(reason: "it has no answer") }
        // A number in JSON is the text that a table would have.
        let gold = answer.elements == nil ? PythonValue.text(answer.str) : answer
        return RowReading(
            id: row.text("index", "id"), texts: QuestionTexts(question: question), gold: gold,
            answers: (gold.elements ?? [gold]).map(\.str.text),
            groups: Choice.groups(row, [], ["split": row.text("split", "type")]))
    }
}
