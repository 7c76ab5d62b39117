// One line of a predictions file: a reply with the facts that score it. Knows field names, no benchmark's rules.

package import Foundation
import JSONText

/// `{"id": …, "prediction": "…", "answers" | "answer": …, …}`; for OCRBench v2 the facts stand under `item`.
package struct PredictionLine: Sendable {
    package let item: ScoringItem
    /// Nil when the line says why there is none.
    package let prediction: String?
    /// Why a request has no reply: such a sample is counted, never scored.
    package let error: String?

    /// Why a line cannot be read.
    package struct Fault: Error, Equatable, CustomStringConvertible {
        package let found: String
        package let expected: String

        package var description: String { "\(found), expected \(expected)" }
    }

    package init(_ bytes: Data) throws(Fault) {
        let line = try Self.read(bytes)
        guard case .dictionary(let line) = line else {
            throw Fault(found: "a \(line.typeName)", expected: "an object")
        }
        let facts = line[Key.item]?.dictionary ?? line
        error = line[Key.error].flatMap { $0.isNull ? nil : $0.str.text }
        switch line[Key.prediction] {
        case .text(let text): prediction = text.text
        case nil where error != nil, .some(.none) where error != nil: prediction = nil
        case let other: throw Fault(found: Self.found("prediction", other), expected: "a string")
        }
        item = try Self.item(facts, id: line[Key.id] ?? line[Key.index])
    }

    /// The facts alone, as a run file keeps them.
    package static func item(_ bytes: Data) throws(Fault) -> ScoringItem {
        let facts = try read(bytes)
        guard case .dictionary(let facts) = facts else {
            throw Fault(found: "a \(facts.typeName)", expected: "an object")
        }
        return try item(facts, id: facts[Key.id])
    }

    private static func item(_ facts: PythonDictionary, id: PythonValue?) throws(Fault) -> ScoringItem {
        guard let id, id.isIdentifier else {
            throw Fault(found: found("id", id), expected: "a string or a number")
        }
        guard let gold = facts[Key.answers] ?? facts[Key.answer], !gold.isNull else {
            throw Fault(found: "no key answers or answer", expected: "the gold")
        }
        return ScoringItem(
            id: id.str.text, question: text(facts[Key.questionCell] ?? facts[Key.question]), gold: gold,
            options: try options(facts[Key.choices] ?? facts[Key.options]),
            category: text(facts[Key.category] ?? facts[Key.type] ?? facts[Key.questionType]),
            groups: groups(facts), dataset: text(facts[Key.dataset] ?? facts[Key.datasetName]),
            evaluation: present(facts[Key.eval], unless: "without eval")?.str.text,
            boxes: present(facts[Key.bbox], unless: "without bbox"),
            contents: present(facts[Key.content], unless: "without content"))
    }

    private static func read(_ bytes: Data) throws(Fault) -> PythonValue {
        let result: Result<PythonValue, JSONFault> = bytes.withUnsafeBytes { bytes in
            do throws(JSONFault) {
                var scanner = try JSONScanner(bytes)
                let value = try PythonValue(&scanner)
                try scanner.end()
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(let fault):
            throw Fault(found: "\(fault.found) at byte \(fault.offset)", expected: fault.expected)
        }
    }

    private static func found(_ key: String, _ value: PythonValue?) -> String {
        value.map { "\(key) of type \($0.typeName)" } ?? "no key \(key)"
    }

    private static func text(_ value: PythonValue?) -> String {
        guard let value, !value.isNull else { return "" }
        return value.str.text
    }

    /// A letter for each text, or texts in the order of the letters.
    private static func options(_ value: PythonValue?) throws(Fault) -> [ScoringItem.Option] {
        switch value {
        case nil, .some(.none): return []
        case .dictionary(let members):
            return members.pairs.map { ScoringItem.Option(letter: $0.key.str.text, text: $0.value.str.text) }
        case .list(let texts) where texts.count <= 26:
            return texts.enumerated().map { index, text in
                ScoringItem.Option(letter: String(UnicodeScalar(UInt8(0x41 + index))), text: text.str.text)
            }
        case let other: throw Fault(found: found("choices", other), expected: "an object or at most 26 texts")
        }
    }

    private static func groups(_ facts: PythonDictionary) -> [String: String] {
        var groups: [String: String] = [:]
        for (name, key) in Key.groups {
            if let value = facts[key], !value.isNull { groups[name] = value.str.text }
        }
        return groups
    }

    /// A column of OCRBench v2, which its three data files leave empty in three ways.
    private static func present(_ value: PythonValue?, unless absent: CodePoints) -> PythonValue? {
        guard let value, !value.isNull, value.text != absent, value.text != "None", value.text != "" else { return nil }
        return value
    }
}

/// The names of fields as they are looked up, made once.
private enum Key {
    static let item: CodePoints = "item"
    static let error: CodePoints = "error"
    static let prediction: CodePoints = "prediction"
    static let id: CodePoints = "id"
    static let index: CodePoints = "index"
    static let answers: CodePoints = "answers"
    static let answer: CodePoints = "answer"
    static let questionCell: CodePoints = "question_cell"
    static let question: CodePoints = "question"
    static let choices: CodePoints = "choices"
    static let options: CodePoints = "options"
    static let category: CodePoints = "category"
    static let type: CodePoints = "type"
    static let questionType: CodePoints = "question_type"
    static let dataset: CodePoints = "dataset"
    static let datasetName: CodePoints = "dataset_name"
    static let eval: CodePoints = "eval"
    static let bbox: CodePoints = "bbox"
    static let content: CodePoints = "content"
    static let groups = ["split", "l2-category", "duration", "domain", "sub_category", "task_type"].map {
        (name: $0, key: CodePoints($0))
    }
}

extension PythonValue {
    var isNull: Bool { if case .none = self { true } else { false } }

    fileprivate var isIdentifier: Bool {
        switch self {
        case .text, .integer: true
        default: false
        }
    }
}
