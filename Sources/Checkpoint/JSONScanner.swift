// A strict reader of JSON bytes, token by token (RFC 8259). Knows nothing of files or of what the tokens mean.

/// Where and why bytes are not the JSON they should be.
package struct JSONFault: Error, Sendable, Hashable {
    /// Offset of the offending byte from the start of the text.
    package let offset: Int
    package let found: String
    package let expected: String
}

/// Reads JSON forward without building a tree, so that a caller sees duplicate keys, decides what to keep, and never
/// pays for what it skips. Nesting is bounded; every read is checked against the end of the bytes.
package struct JSONScanner {
    /// Deepest nesting of arrays and objects that is read.
    package static let depthLimit = 64

    private let bytes: UnsafeRawBufferPointer
    private(set) package var offset = 0
    private var depth = 0

    /// - Parameter bytes: valid for the life of the scanner.
    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The kind of value that comes next.
    package enum Kind { case object, array, string, number, bool, null }

    // MARK: Bytes

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    package func fault(expected: String) -> JSONFault {
        let found: String
        switch current {
        case nil: found = "the end of the text"
        case .some(let byte) where (0x21...0x7E).contains(byte): found = "'\(Character(UnicodeScalar(byte)))'"
        case .some(let byte): found = "byte 0x" + String(byte, radix: 16)
        }
        return JSONFault(offset: offset, found: found, expected: expected)
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard current == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(JSONFault) {
        guard take(byte) else { throw fault(expected: "'\(Character(UnicodeScalar(byte)))'") }
    }

    private mutating func expect(word: StaticString) throws(JSONFault) {
        guard bytes.count - offset >= word.utf8CodeUnitCount else { throw fault(expected: "'\(word)'") }
        for index in 0..<word.utf8CodeUnitCount where bytes[offset + index] != word.utf8Start[index] {
            throw fault(expected: "'\(word)'")
        }
        offset += word.utf8CodeUnitCount
    }

    // MARK: Values

    /// What value comes next, without reading it.
    package mutating func kind() throws(JSONFault) -> Kind {
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .number
        default: throw fault(expected: "a JSON value")
        }
    }

    /// Reads an object, calling `member` with every key in order of appearance; `member` must read the value.
    package mutating func object(
        _ member: (_ key: String, _ scanner: inout JSONScanner) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        try expect(UInt8(ascii: "{"))
        try enter()
        defer { depth -= 1 }
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let key = try string()
            try expect(UInt8(ascii: ":"))
            try member(key, &self)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw fault(expected: "',' or '}'") }
    }

    /// Reads an array, calling `element` for every element; `element` must read it.
    package mutating func array(
        _ element: (_ scanner: inout JSONScanner) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        try expect(UInt8(ascii: "["))
        try enter()
        defer { depth -= 1 }
        if take(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw fault(expected: "',' or ']'") }
    }

    private mutating func enter() throws(JSONFault) {
        depth += 1
        if depth > Self.depthLimit {
            throw JSONFault(
                offset: offset, found: "nesting deeper than \(Self.depthLimit)", expected: "at most \(Self.depthLimit)")
        }
    }

    /// Reads `true` or `false`.
    package mutating func bool() throws(JSONFault) -> Bool {
        skipSpace()
        if current == UInt8(ascii: "t") {
            try expect(word: "true")
            return true
        }
        try expect(word: "false")
        return false
    }

    /// Reads `null`.
    package mutating func null() throws(JSONFault) {
        skipSpace()
        try expect(word: "null")
    }

    /// Reads a number and returns its text, which is well-formed JSON.
    package mutating func number() throws(JSONFault) -> Substring {
        skipSpace()
        let start = offset
        if current == UInt8(ascii: "-") { offset += 1 }
        if current == UInt8(ascii: "0") {
            offset += 1
        } else {
            try digits()
        }
        if current == UInt8(ascii: ".") {
            offset += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            offset += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)[...]
    }

    private mutating func digits() throws(JSONFault) {
        guard let first = current, isDigit(first) else { throw fault(expected: "a digit") }
        while let byte = current, isDigit(byte) { offset += 1 }
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// Reads a whole number that is not negative and fits `Int`: digits only, as offsets and extents are written.
    package mutating func count() throws(JSONFault) -> Int {
        skipSpace()
        let start = offset
        var value = 0
        while let byte = current, isDigit(byte) {
            let (shifted, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (next, carried) = shifted.addingReportingOverflow(Int(byte - 0x30))
            if overflowed || carried {
                throw JSONFault(offset: start, found: "a number beyond 2^63", expected: "a number below 2^63")
            }
            value = next
            offset += 1
        }
        let length = offset - start
        guard length > 0, length == 1 || bytes[start] != 0x30 else { throw fault(expected: "a whole number >= 0") }
        switch current {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): throw fault(expected: "a whole number >= 0")
        default: return value
        }
    }

    /// Reads any value and forgets it.
    package mutating func skip() throws(JSONFault) {
        switch try kind() {
        case .object: try object { (_, scanner) throws(JSONFault) in try scanner.skip() }
        case .array: try array { (scanner) throws(JSONFault) in try scanner.skip() }
        case .string: try skipString()
        case .number: _ = try number()
        case .bool: _ = try bool()
        case .null: try null()
        }
    }

    /// Checks that nothing but white space is left.
    package mutating func end() throws(JSONFault) {
        skipSpace()
        guard offset == bytes.count else { throw fault(expected: "the end of the text") }
    }

    // MARK: Strings

    /// Reads a string: valid UTF-8, escapes resolved, lone surrogates and bare control bytes refused.
    package mutating func string() throws(JSONFault) -> String {
        guard take(UInt8(ascii: "\"")) else { throw fault(expected: "a string") }
        let start = offset
        var unescaped: [UInt8]?
        while true {
            guard let byte = current else { throw fault(expected: "'\"'") }
            switch byte {
            case UInt8(ascii: "\""):
                let raw = bytes[start..<offset]
                offset += 1
                let text =
                    unescaped.map { String(validating: $0, as: UTF8.self) }
                    ?? String(validating: raw, as: UTF8.self)
                guard let text else {
                    throw JSONFault(offset: start, found: "bytes that are not UTF-8", expected: "a UTF-8 string")
                }
                return text
            case UInt8(ascii: "\\"):
                if unescaped == nil { unescaped = Array(bytes[start..<offset]) }
                offset += 1
                unescaped?.append(contentsOf: try escape())
            case 0..<0x20:
                throw fault(expected: "no control byte inside a string")
            default:
                unescaped?.append(byte)
                offset += 1
            }
        }
    }

    /// Reads past a string without building it; its UTF-8 is not checked.
    private mutating func skipString() throws(JSONFault) {
        guard take(UInt8(ascii: "\"")) else { throw fault(expected: "a string") }
        while true {
            guard let byte = current else { throw fault(expected: "'\"'") }
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return
            case UInt8(ascii: "\\"):
                offset += 1
                _ = try escape()
            case 0..<0x20: throw fault(expected: "no control byte inside a string")
            default: offset += 1
            }
        }
    }

    /// The UTF-8 of one escape, whose backslash has been read.
    private mutating func escape() throws(JSONFault) -> [UInt8] {
        let plain: UInt8
        switch current {
        case UInt8(ascii: "\""): plain = 0x22
        case UInt8(ascii: "\\"): plain = 0x5C
        case UInt8(ascii: "/"): plain = 0x2F
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "n"): plain = 0x0A
        case UInt8(ascii: "r"): plain = 0x0D
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw fault(expected: "an escape")
        }
        offset += 1
        return [plain]
    }

    private mutating func unicodeEscape() throws(JSONFault) -> [UInt8] {
        let start = offset
        var value = try hexUnit()
        if (0xD800..<0xDC00).contains(value), current == UInt8(ascii: "\\") {
            offset += 1
            guard current == UInt8(ascii: "u") else { throw fault(expected: "a low surrogate") }
            let low = try hexUnit()
            guard (0xDC00..<0xE000).contains(low) else { throw fault(expected: "a low surrogate") }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = UnicodeScalar(value) else {
            throw JSONFault(offset: start, found: "a lone surrogate", expected: "a Unicode scalar")
        }
        return Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    /// Four hexadecimal digits after the `u` at the current byte.
    private mutating func hexUnit() throws(JSONFault) -> UInt32 {
        offset += 1
        var value: UInt32 = 0
        for _ in 0..<4 {
            switch current {
            case .some(let byte) where isDigit(byte): value = value << 4 | UInt32(byte - 0x30)
            case .some(let byte) where (0x41...0x46).contains(byte): value = value << 4 | UInt32(byte - 0x41 + 10)
            case .some(let byte) where (0x61...0x66).contains(byte): value = value << 4 | UInt32(byte - 0x61 + 10)
            default: throw fault(expected: "four hexadecimal digits")
            }
            offset += 1
        }
        return value
    }
}
