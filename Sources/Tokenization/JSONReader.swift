// Reads JSON from bytes in one pass, without building a tree unless asked. Does not know what the fields mean.
//
// Foundation's reader takes seconds for a vocabulary of 128,000 tokens and merges duplicate keys silently; this one
// walks the 17 MB file once and refuses duplicates by position.

/// A small JSON value, for the parts of a file that are few and varied.
enum JSONValue: Equatable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Member of an object; `.null` when it is absent or this is no object.
    subscript(key: String) -> JSONValue {
        if case .object(let members) = self { members[key] ?? .null } else { .null }
    }

    /// What a message says of this value.
    var summary: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
        case .string(let text): quoted(text)
        case .array(let items): "an array of \(items.count)"
        case .object(let members):
            if case .string(let type)? = members["type"] { "an object of type \(quoted(type))" } else { "an object" }
        }
    }
}

struct JSONReader {
    /// Nesting deeper than this is refused; tokenizer files need about ten.
    static let depthLimit = 64

    let bytes: [UInt8]
    var position = 0

    /// - Throws: `malformedJSON` when the bytes are not UTF-8.
    init(_ bytes: [UInt8]) throws(TokenizationError) {
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw .malformedJSON(offset: error.byteOffsets.lowerBound, reason: "the text is not UTF-8")
        }
        self.bytes = bytes
    }

    // MARK: Structure

    /// Reads an object, giving each key to `member`, which must read its value.
    mutating func object(
        _ member: (inout JSONReader, String) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        try expect(UInt8(ascii: "{"), "an object")
        if skip(UInt8(ascii: "}")) { return }
        var seen = Set<String>()
        var key: [UInt8] = []
        repeat {
            skipSpace()
            let start = position
            try string(into: &key)
            let name = String(decoding: key, as: UTF8.self)
            guard seen.insert(name).inserted else {
                throw .malformedJSON(offset: start, reason: "key \(quoted(name)) appears twice in one object")
            }
            try expect(UInt8(ascii: ":"), "':'")
            try member(&self, name)
        } while skip(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "',' or '}'")
    }

    /// Reads an array, calling `element` for each item, which must read it.
    mutating func array(
        _ element: (inout JSONReader) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        try expect(UInt8(ascii: "["), "an array")
        if skip(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while skip(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "',' or ']'")
    }

    /// Nothing but space may follow the value.
    mutating func end() throws(TokenizationError) {
        skipSpace()
        guard position == bytes.count else { throw unexpected("the end of the file") }
    }

    // MARK: Values

    /// Reads any value into a tree.
    mutating func value(depth: Int = 0) throws(TokenizationError) -> JSONValue {
        guard depth < Self.depthLimit else {
            throw .malformedJSON(offset: position, reason: "nested deeper than \(Self.depthLimit) levels")
        }
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [String: JSONValue] = [:]
            try object { (reader, key) throws(TokenizationError) in
                members[key] = try reader.value(depth: depth + 1)
            }
            return .object(members)
        case UInt8(ascii: "["):
            var items: [JSONValue] = []
            try array { (reader) throws(TokenizationError) in items.append(try reader.value(depth: depth + 1)) }
            return .array(items)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default:
            let text = try numberText()
            guard let number = Double(text), number.isFinite else {
                throw .malformedJSON(offset: position, reason: "number \(quoted(text)) is out of range")
            }
            return .number(number)
        }
    }

    /// Passes over a value of any size without keeping it.
    mutating func skipValue(depth: Int = 0) throws(TokenizationError) {
        guard depth < Self.depthLimit else {
            throw .malformedJSON(offset: position, reason: "nested deeper than \(Self.depthLimit) levels")
        }
        switch peek() {
        case UInt8(ascii: "{"):
            position += 1
            if skip(UInt8(ascii: "}")) { return }
            repeat {
                skipSpace()
                try skipString()
                try expect(UInt8(ascii: ":"), "':'")
                try skipValue(depth: depth + 1)
            } while skip(UInt8(ascii: ","))
            try expect(UInt8(ascii: "}"), "',' or '}'")
        case UInt8(ascii: "["):
            try array { (reader) throws(TokenizationError) in try reader.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): try skipString()
        default: _ = try value(depth: depth)
        }
    }

    mutating func string() throws(TokenizationError) -> String {
        var text: [UInt8] = []
        try string(into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// A non-negative whole number.
    mutating func integer() throws(TokenizationError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < bytes.count, case let digit = bytes[position] &- 48, digit < 10 {
            let (scaled, scaling) = value.multipliedReportingOverflow(by: 10)
            let (sum, adding) = scaled.addingReportingOverflow(Int(digit))
            guard !scaling, !adding else { throw .malformedJSON(offset: start, reason: "number out of range") }
            value = sum
            position += 1
        }
        let follows = position < bytes.count ? bytes[position] : 0
        guard position > start, follows != UInt8(ascii: "."), follows | 0x20 != UInt8(ascii: "e") else {
            throw unexpected("a whole number, 0 or more")
        }
        return value
    }

    // MARK: Strings

    /// Replaces `text` with the UTF-8 of the string that starts here.
    mutating func string(into text: inout [UInt8]) throws(TokenizationError) {
        try expect(UInt8(ascii: "\""), "a string")
        text.removeAll(keepingCapacity: true)
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &text)
            case 0..<0x20:
                throw .malformedJSON(offset: position, reason: "control character \(byte) inside a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw .malformedJSON(offset: position, reason: "the file ends inside a string")
    }

    private mutating func skipString() throws(TokenizationError) {
        try expect(UInt8(ascii: "\""), "a string")
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"):
                var scalar: [UInt8] = []
                try escape(into: &scalar)
            case 0..<0x20:
                throw .malformedJSON(offset: position - 1, reason: "control character \(byte) inside a string")
            default: break
            }
        }
        throw .malformedJSON(offset: bytes.count, reason: "the file ends inside a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(TokenizationError) {
        let start = position
        let byte = position < bytes.count ? bytes[position] : 0
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if code & 0xFC00 == 0xD800, position + 1 < bytes.count,
                bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                let low = try hexadecimal()
                guard low & 0xFC00 == 0xDC00 else {
                    throw .malformedJSON(offset: start, reason: "a surrogate without its pair")
                }
                code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
            }
            guard let scalar = Unicode.Scalar(code) else {
                throw .malformedJSON(offset: start, reason: "a surrogate without its pair")
            }
            text.append(contentsOf: UTF8.encode(scalar) ?? .init())
        default: throw .malformedJSON(offset: start, reason: "unknown escape in a string")
        }
    }

    private mutating func hexadecimal() throws(TokenizationError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw .malformedJSON(offset: position, reason: "\\u needs four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    // MARK: Bytes

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// The next byte that is not space; 0 at the end.
    mutating func peek() -> UInt8 {
        skipSpace()
        return position < bytes.count ? bytes[position] : 0
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard peek() == byte, position < bytes.count else { return false }
        position += 1
        return true
    }

    mutating func expect(_ byte: UInt8, _ name: String) throws(TokenizationError) {
        guard skip(byte) else { throw unexpected(name) }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(TokenizationError) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw unexpected("a value") }
        position += word.utf8.count
        return value
    }

    private mutating func numberText() throws(TokenizationError) -> String {
        let start = position
        while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) { position += 1 }
        guard position > start else { throw unexpected("a value") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    func unexpected(_ expected: String) -> TokenizationError {
        guard position < bytes.count else {
            return .malformedJSON(offset: bytes.count, reason: "the file ends where \(expected) was expected")
        }
        let found = quoted(String(Character(Unicode.Scalar(bytes[position]))))
        return .malformedJSON(offset: position, reason: "found \(found), expected \(expected)")
    }
}
