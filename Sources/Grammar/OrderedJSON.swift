// A JSON value that keeps the order of its members, because a schema's order is the answer's. Knows no keywords.

import JSONText

/// A JSON value as it is written.
indirect enum OrderedJSON: Sendable, Hashable {
    struct Member: Sendable, Hashable {
        let key: String
        let value: OrderedJSON
    }
    case object([Member])
    case array([OrderedJSON])
    case string(String)
    case number(String)
    case bool(Bool)
    case null

    /// Reads a whole text: one value, nested at most `JSONScanner.depthLimit` deep, without duplicate keys.
    init(text: [UInt8]) throws(GrammarError) {
        let result: Result<OrderedJSON, JSONFault> = text.withUnsafeBytes { bytes in
            do throws(JSONFault) {
                var scanner = try JSONScanner(bytes)
                let value = try OrderedJSON(&scanner)
                try scanner.end()
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let value): self = value
        case .failure(let fault):
            throw .schemaSyntax(offset: fault.offset, found: fault.found, expected: fault.expected)
        }
    }

    private init(_ scanner: inout JSONScanner) throws(JSONFault) {
        switch try scanner.kind() {
        case .object:
            var members: [Member] = []
            var keys = Set<String>()
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                guard keys.insert(key).inserted else {
                    throw JSONFault(offset: scanner.offset, found: "a key twice", expected: "every key once")
                }
                members.append(Member(key: key, value: try OrderedJSON(&scanner)))
            }
            self = .object(members)
        case .array:
            var values: [OrderedJSON] = []
            try scanner.enterArray()
            while try scanner.nextElement() { values.append(try OrderedJSON(&scanner)) }
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
    subscript(key: String) -> OrderedJSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// How a message names the value.
    var summary: String {
        switch self {
        case .object: "an object"
        case .array(let values): "an array of \(values.count)"
        case .string(let text): GrammarError.quoted(text)
        case .number(let text): "the number \(text.prefix(40))"
        case .bool(let value): "\(value)"
        case .null: "null"
        }
    }

    /// A whole number that is not negative; nil for anything else. Those beyond `Int` are as good as its largest.
    var count: Int? {
        guard case .number(let text) = self, let value = Double(text), value >= 0, value.rounded() == value else {
            return nil
        }
        return Int(exactly: value) ?? Int.max
    }

    /// The same value written in one way: equal values, as JSON Schema compares them, become equal.
    var canonical: OrderedJSON {
        switch self {
        case .object(let members):
            .object(
                members.map { Member(key: $0.key, value: $0.value.canonical) }
                    .sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) })
        case .array(let values): .array(values.map(\.canonical))
        case .number(let text): .number(Decimal(text).map(\.text) ?? text)
        default: self
        }
    }
}
