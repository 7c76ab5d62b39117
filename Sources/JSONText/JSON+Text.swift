// A JSON tree written as text. Knows nothing of what it means.

extension JSON {
    /// Compact JSON, keys in order, so that equal trees give equal text.
    package var compact: String {
        switch self {
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\(JSON.literal($0.key)): \($0.value.compact)" }
                .joined(separator: ", ") + "}"
        case .array(let values): "[" + values.map(\.compact).joined(separator: ", ") + "]"
        case .string(let text): JSON.literal(text)
        case .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null: "null"
        }
    }

    /// A string with its quotes and escapes.
    package static func literal(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
