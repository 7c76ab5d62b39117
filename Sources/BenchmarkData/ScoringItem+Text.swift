// What a reply is scored by, as one line of JSON that keeps the order of a dictionary's keys. Knows no rule.

import JSONText
package import Scoring

extension ScoringItem {
    /// A JSON object that `PredictionLine.item` reads. Tuples become lists; Python's values that JSON lacks become their
    /// `repr`.
    package var text: String {
        let choices = options.map { "\(JSON.literal($0.letter)): \(JSON.literal($0.text))" }.joined(separator: ", ")
        var members: [(String, String?)] = [
            ("id", JSON.literal(id)), ("question", question.isEmpty ? nil : JSON.literal(question)),
            ("choices", options.isEmpty ? nil : "{\(choices)}"),
            (gold.elements == nil ? "answer" : "answers", Self.json(gold)),
            ("category", category.isEmpty ? nil : JSON.literal(category)),
            ("dataset", dataset.isEmpty ? nil : JSON.literal(dataset)),
            ("eval", evaluation.map { JSON.literal($0) }), ("bbox", boxes.map(Self.json)),
            ("content", contents.map(Self.json)),
        ]
        let taken = Set(members.map(\.0))
        members += groups.filter { !taken.contains($0.key) }.sorted { $0.key < $1.key }
            .map { ($0.key, JSON.literal($0.value)) }
        return "{"
            + members.compactMap { name, value in value.map { "\(JSON.literal(name)): \($0)" } }.joined(separator: ", ")
            + "}"
    }

    private static func json(_ value: PythonValue) -> String {
        switch value {
        case .none: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let digits): digits
        case .float(let number) where number.isFinite: PythonFloat.repr(number)
        case .text(let text): JSON.literal(text.text)
        case .list(let values), .tuple(let values), .set(let values):
            "[" + values.map(json).joined(separator: ", ") + "]"
        case .dictionary(let members):
            "{" + members.pairs.map { "\(JSON.literal($0.key.str.text)): \(json($0.value))" }.joined(separator: ", ")
                + "}"
        case .float, .complex, .bytes, .ellipsis: JSON.literal(value.repr.text)
        }
    }
}
