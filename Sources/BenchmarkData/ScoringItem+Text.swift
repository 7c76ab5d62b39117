// What a reply is scored by, as one line of JSON that keeps the order of a dictionary's keys, and back. Knows no rule.

import Foundation
import JSONText
package import Scoring

extension ScoringItem {
    /// A JSON object. Tuples become lists; Python's other values that JSON lacks become their `repr`.
    package var text: String {
        var members: [(String, String?)] = [
            ("id", JSON.literal(id)), ("question", question.isEmpty ? nil : JSON.literal(question)),
            ("gold", Self.json(gold)),
        ]
        let letters = options.map { "[\(JSON.literal($0.letter)), \(JSON.literal($0.text))]" }.joined(separator: ", ")
        members += [
            ("options", options.isEmpty ? nil : "[\(letters)]"),
            ("category", category.isEmpty ? nil : JSON.literal(category)),
            ("groups", groups.isEmpty ? nil : JSON.object(groups.mapValues { .string($0) }).compact),
            ("dataset", dataset.isEmpty ? nil : JSON.literal(dataset)),
            ("eval", evaluation.map { JSON.literal($0) }), ("bbox", boxes.map(Self.json)),
            ("content", contents.map(Self.json)),
        ]
        return "{" + members.compactMap { name, value in value.map { "\"\(name)\": \($0)" } }.joined(separator: ", ")
            + "}"
    }

    /// - Throws: `BenchmarkDataError.layout` for a text that `text` did not write.
    package init(text: String) throws(BenchmarkDataError) {
        var copy = text
        let read = copy.withUTF8 { bytes in
            Result { () throws(JSONFault) in
                var scanner = try JSONScanner(UnsafeRawBufferPointer(bytes))
                let value = try PythonValue(&scanner)
                try scanner.end()
                return value
            }
        }
        guard let members = (try? read.get())?.dictionary, let gold = members["gold"], let id = members["id"]?.text
        else {
            throw .layout(path: "item", found: String(text.prefix(60)), expected: "an object with id and gold")
        }
        let options = (members["options"]?.elements ?? []).compactMap { pair -> Option? in
            guard let pair = pair.elements, pair.count == 2, let letter = pair[0].text, let text = pair[1].text else {
                return nil
            }
            return Option(letter: letter.text, text: text.text)
        }
        let groups = (members["groups"]?.dictionary?.pairs ?? []).reduce(into: [String: String]()) { groups, pair in
            groups[pair.key.str.text] = pair.value.str.text
        }
        func string(_ name: CodePoints) -> String? { members[name]?.text?.text }
        self.init(
            id: id.text, question: string("question") ?? "", gold: gold, options: options,
            category: string("category") ?? "", groups: groups, dataset: string("dataset") ?? "",
            evaluation: string("eval"), boxes: members["bbox"], contents: members["content"])
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
