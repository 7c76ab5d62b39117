// OCRBench v2: thirty kinds of tasks about text in images, English and Chinese. Knows its columns only.

import Scoring

struct OCRBenchV2: RowReader {
    /// Kinds whose gold is a dictionary, which some tables hold as text.
    private static let dictionaries: Set<String> = [
        "key information extraction en", "key information mapping en", "chart parsing en",
    ]
    /// What VLMEvalKit's table and the published one write where there is nothing.
    private static let nothing: Set<String> = ["without eval", "without bbox", "without content", "None", "none", ""]

    func read(_ row: TableRow) throws(PromptFault) -> RowReading {
        guard let type = row.text("type", "category") else { throw PromptFault(reason: "it has no type") }
        let answers = (row.list("answers", "answer") ?? []).map { answer in
            Self.dictionaries.contains(type) ? Self.parsed(answer) : answer
        }
        let evaluation = row.text("eval").flatMap { Self.nothing.contains($0) ? nil : $0 }
        let dataset = row.text("dataset_name", "dataset") ?? ""
        return RowReading(
            id: row.text("id", "index"), texts: QuestionTexts(question: try Choice.question(row)),
            gold: .list(answers), answers: answers.map(\.str.text), category: type,
            groups: groups(type), dataset: dataset,
            evaluation: evaluation, boxes: value(row, "bbox_list") ?? value(row, "bbox"),
            contents: value(row, "content"))
    }

    private func groups(_ type: String) -> [String: String] {
        var groups = ["category": type]
        if let task = Scoring.OCRBenchV2.tasks.first(where: { $0.type == type }) {
            groups["language"] = task.language.title
            groups["ability"] = task.ability.rawValue
        }
        return groups
    }

    private func value(_ row: TableRow, _ column: String) -> PythonValue? {
        guard let value = row.value(column) else { return nil }
        guard let text = value.text else { return value.elements?.isEmpty == true ? nil : value }
        return Self.nothing.contains(text.text) ? nil : Self.parsed(value)
    }

    /// A text that is a Python literal or JSON, as the value it stands for.
    private static func parsed(_ value: PythonValue) -> PythonValue {
        guard let text = value.text, let first = text.scalars.first, first == "{" || first == "[" else { return value }
        return (try? PythonLiteral.parse(text)) ?? (try? PythonJSON.parse(text)) ?? value
    }
}
