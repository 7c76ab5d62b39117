import Foundation
import JSONText
import Scoring
import TestSupport

/// The cases of a golden file, every expectation made by running public code.
enum Cases {
    static func load(_ name: String) throws -> [PythonDictionary] {
        let data = try Data(contentsOf: Goldens.file("eval/\(name)/cases.json"))
        return try data.withUnsafeBytes { bytes in
            var scanner = try JSONScanner(bytes)
            let file = try PythonValue(&scanner)
            return file.dictionary?["cases"]?.elements?.compactMap(\.dictionary) ?? []
        }
    }

    /// A case as `monocle eval score` reads it.
    static func line(_ example: PythonDictionary) throws -> PredictionLine {
        try PredictionLine(Data(PythonValue.dictionary(example).json.utf8))
    }
}

extension PythonDictionary {
    var id: String { self["id"]?.str.text ?? "?" }
    func at(_ path: String...) -> PythonValue? {
        var value = PythonValue.dictionary(self)
        for key in path {
            guard let next = value.dictionary?[CodePoints(key)] else { return nil }
            value = next
        }
        return value
    }
}

extension PythonValue {
    var double: Double? {
        switch self {
        case .integer(let digits): Double(digits)
        case .float(let value): value
        case .bool(let value): value ? 1 : 0
        case .text("Infinity"): .infinity
        case .text("-Infinity"): -.infinity
        case .text("NaN"): .nan
        default: nil
        }
    }

    var isNone: Bool { if case .none = self { true } else { false } }

    var json: String {
        switch self {
        case .none, .ellipsis, .complex, .bytes, .set: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let digits): digits
        case .float(let value): "\(value)"
        case .text(let text): JSON.literal(text.text)
        case .list(let values), .tuple(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .dictionary(let members):
            "{" + members.pairs.map { $0.key.json + ":" + $0.value.json }.joined(separator: ",") + "}"
        }
    }
}
