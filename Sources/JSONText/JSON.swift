// A JSON document in memory, for the parts of a file that are few and varied. Knows nothing of their keys.

/// A JSON value. Keys are unique; numbers keep their text until a type is asked for.
package enum JSON: Sendable, Hashable {
    case object([String: JSON])
    case array([JSON])
    case string(String)
    case number(String)
    case bool(Bool)
    case null

    /// Reads a whole text: one value, nested at most 64 deep, without duplicate keys.
    package init(_ text: UnsafeRawBufferPointer) throws(JSONFault) {
        var scanner = try JSONScanner(text)
        try self.init(&scanner)
        try scanner.end()
    }

    /// Reads the scanner's next value.
    package init(_ scanner: inout JSONScanner) throws(JSONFault) {
        switch try scanner.kind() {
        case .object:
            var members: [String: JSON] = [:]
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                let start = scanner.offset
                guard members.updateValue(try JSON(&scanner), forKey: key) == nil else {
                    throw JSONFault(offset: start, found: "key '\(key)' twice", expected: "every key once")
                }
            }
            self = .object(members)
        case .array:
            var values: [JSON] = []
            try scanner.enterArray()
            while try scanner.nextElement() { values.append(try JSON(&scanner)) }
            self = .array(values)
        case .string: self = .string(try scanner.string())
        case .number: self = .number(try scanner.number())
        case .bool: self = .bool(try scanner.bool())
        case .null:
            try scanner.null()
            self = .null
        }
    }

    /// Member of an object; nil when it is absent or this is no object.
    package subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The string; nil when this is none.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The elements of an array; nil when this is none.
    package var elements: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The number, when it is whole and fits `Int`; `64.0` counts as whole.
    package var wholeNumber: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text) ?? Double(text).flatMap(Int.init(exactly:))
    }

    /// The number, rounded to the nearest `Double`.
    package var double: Double? {
        if case .number(let text) = self { Double(text) } else { nil }
    }

    /// How a message names the value.
    /// - Parameter quoted: puts quotes around a string, cut to a length that fits a message.
    package func summary(quoted: (String) -> String) -> String {
        switch self {
        case .object: "an object"
        case .array(let values): "an array of \(values.count)"
        case .string(let text): quoted(text)
        case .number(let text): text.count > 40 ? text.prefix(40) + "…" : text
        case .bool(let value): "\(value)"
        case .null: "null"
        }
    }
}
