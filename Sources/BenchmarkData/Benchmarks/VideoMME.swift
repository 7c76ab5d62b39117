// Video-MME: choices about videos, asked with frames. Knows its columns only.

import Scoring

struct VideoMME: RowReader {
    func read(_ row: TableRow) throws(PromptFault) -> RowReading {
        guard let listed = row.list("candidates", "options"), !listed.isEmpty else {
            throw PromptFault(reason: "it has no options")
        }
        guard let answer = row.value("answer") else { throw PromptFault(reason: "it has no answer") }
        // The texts begin with their letters: "A. Rain."
        let options = listed.map(\.str.text).map { text in
            ScoringItem.Option(letter: String(text.prefix(1)), text: text)
        }
        return RowReading(
            id: row.text("question_id", "index", "id"),
            texts: QuestionTexts(question: try Choice.question(row), options: options), gold: answer,
            answers: Choice.shown(answer, options), category: row.text("task_type") ?? "",
            groups: Choice.groups(row, ["duration", "domain", "sub_category", "task_type"]),
            cluster: row.text("videoID", "video", "video_id"))
    }
}
