// Writing small JSON files in the forms the published folders have.

package import Foundation
package import JSONText

/// JSON texts as Python writes them, and files that appear whole or not at all.
package enum JSONFile {
    /// An ordered JSON value to be written.
    package indirect enum Value: Sendable {
        case object([(String, Value)])
        case array([Value])
        case string(String)
        case integer(Int)
        /// Written with the fewest digits that read back the same.
        case number(Double)
        case bool(Bool)
        case null

        /// A value that was read, keys sorted as transformers sorts them.
        package init(_ json: JSON) {
            self =
                switch json {
                case .object(let members): .sorted(members.map { ($0.key, Self($0.value)) })
                case .array(let values): .array(values.map { Self($0) })
                case .string(let text): .string(text)
                case .number(let text): Int(text).map(Self.integer) ?? .number(Double(text) ?? 0)
                case .bool(let flag): .bool(flag)
                case .null: .null
                }
        }

        /// An object whose keys stand in the order of their bytes.
        package static func sorted(_ members: [(String, Self)]) -> Self {
            .object(members.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) })
        }
    }

    /// `value` in the form of Python's `json.dumps(indent: indent, ensure_ascii: false)`.
    package static func text(_ value: Value, indent: Int = 2) -> String {
        var result = ""
        append(value, to: &result, indent: indent, depth: 0)
        return result
    }

    private static func append(_ value: Value, to text: inout String, indent: Int, depth: Int) {
        func list(_ open: String, _ close: String, _ count: Int, _ item: (Int, inout String) -> Void) {
            guard count > 0 else {
                text += open + close
                return
            }
            text += open
            for index in 0..<count {
                text += index == 0 ? "\n" : ",\n"
                text += String(repeating: " ", count: indent * (depth + 1))
                item(index, &text)
            }
            text += "\n" + String(repeating: " ", count: indent * depth) + close
        }
        switch value {
        case .object(let members):
            list("{", "}", members.count) { index, text in
                text += quoted(members[index].0) + ": "
                append(members[index].1, to: &text, indent: indent, depth: depth + 1)
            }
        case .array(let values):
            list("[", "]", values.count) { index, text in
                append(values[index], to: &text, indent: indent, depth: depth + 1)
            }
        case .string(let string): text += quoted(string)
        case .integer(let number): text += String(number)
        case .number(let number): text += "\(number)"
        case .bool(let flag): text += flag ? "true" : "false"
        case .null: text += "null"
        }
    }

    /// A JSON string: quotes, backslashes and control characters escaped, everything else as it is.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case ..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Writes a file through a temporary name beside it.
    package static func write(_ bytes: [UInt8], to url: URL) throws(CheckpointError) {
        do {
            try Data(bytes).write(to: url, options: .atomic)
        } catch {
            throw .writing(url.path(percentEncoded: false), reason: (error as NSError).localizedDescription)
        }
    }
}
