// A strict reader of JSON bytes, token by token (RFC 8259). Knows nothing of files or of what the tokens mean.

/// Where and why bytes are not the JSON they should be.
package struct JSONFault: Error, Sendable, Hashable {
    /// Offset of the offending byte from the start of the text.
    package let offset: Int
    package let found: String
    package let expected: String

    package init(offset: Int, found: String, expected: String) {
        self.offset = offset
        self.found = found
        self.expected = expected
    }
}

/// Reads JSON forward without building a tree, so that a caller sees duplicate keys, decides what to keep, and never
/// pays for what it skips. Nesting is bounded; every read is checked against the end of the bytes.
///
/// An object is read by `enterObject` and then, until `nextKey` returns nil, a key and its value; an array likewise by
/// `enterArray` and `nextElement`. A copy of a scanner is a place to come back to.
package struct JSONScanner {
    /// Deepest nesting of arrays and objects that is read.
    package static let depthLimit = 64

    private let bytes: UnsafeRawBufferPointer
    private(set) package var offset = 0
    private var depth = 0
    /// Whether the container being read has an element before `offset`.
    private var followsElement = false

    /// - Parameter bytes: valid for the life of the scanner.
    /// - Throws: when the bytes are not UTF-8.
    package init(_ bytes: UnsafeRawBufferPointer) throws(JSONFault) {
        do {
            _ = try UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)
        } catch {
            throw JSONFault(
                offset: error.byteOffsets.lowerBound, found: "bytes that are not UTF-8", expected: "UTF-8 text")
        }
        self.bytes = bytes
    }

    /// The kind of value that comes next.
    package enum Kind { case object, array, string, number, bool, null }

    // MARK: Bytes

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    /// A fault at the current byte, which is what was found.
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

    private mutating func expect(word: StaticString) throws(JSONFault) {
        guard bytes.count - offset >= word.utf8CodeUnitCount else { throw fault(expected: "'\(word)'") }
        for index in 0..<word.utf8CodeUnitCount where bytes[offset + index] != word.utf8Start[index] {
            throw fault(expected: "'\(word)'")
        }
        offset += word.utf8CodeUnitCount
    }

    // MARK: Containers

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

    /// Begins an object.
    package mutating func enterObject() throws(JSONFault) {
        guard take(UInt8(ascii: "{")) else { throw fault(expected: "an object") }
        try enter()
    }

    /// The next key of the object, whose value must be read before the next call; nil at the object's end.
    package mutating func nextKey() throws(JSONFault) -> String? {
        guard try next(orEnd: UInt8(ascii: "}"), "',' or '}'") else { return nil }
        let key = try string()
        guard take(UInt8(ascii: ":")) else { throw fault(expected: "':'") }
        return key
    }

    /// Like `nextKey()`, replacing `key` with the UTF-8 of the key; false at the object's end.
    package mutating func nextKey(into key: inout [UInt8]) throws(JSONFault) -> Bool {
        guard try next(orEnd: UInt8(ascii: "}"), "',' or '}'") else { return false }
        try string(into: &key)
        guard take(UInt8(ascii: ":")) else { throw fault(expected: "':'") }
        return true
    }

    /// Begins an array.
    package mutating func enterArray() throws(JSONFault) {
        guard take(UInt8(ascii: "[")) else { throw fault(expected: "an array") }
        try enter()
    }

    /// Whether the array has another element, which must be read before the next call; false at the array's end.
    package mutating func nextElement() throws(JSONFault) -> Bool {
        try next(orEnd: UInt8(ascii: "]"), "',' or ']'")
    }

    private mutating func enter() throws(JSONFault) {
        depth += 1
        followsElement = false
        if depth > Self.depthLimit {
            throw JSONFault(
                offset: offset, found: "nesting deeper than \(Self.depthLimit)", expected: "at most \(Self.depthLimit)")
        }
    }

    private mutating func next(orEnd end: UInt8, _ expected: StaticString) throws(JSONFault) -> Bool {
        if take(end) {
            depth -= 1
            followsElement = true
            return false
        }
        guard !followsElement || take(UInt8(ascii: ",")) else { throw fault(expected: "\(expected)") }
        followsElement = true
        return true
    }

    /// Reads any value and forgets it.
    package mutating func skip() throws(JSONFault) {
        switch try kind() {
        case .object:
            try enterObject()
            while try next(orEnd: UInt8(ascii: "}"), "',' or '}'") {
                try skipString()
                guard take(UInt8(ascii: ":")) else { throw fault(expected: "':'") }
                try skip()
            }
        case .array:
            try enterArray()
            while try nextElement() { try skip() }
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

    // MARK: Words and numbers

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

    /// Reads a number and returns its text, which is well-formed JSON and in the range of `Double`.
    package mutating func number() throws(JSONFault) -> String {
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
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw JSONFault(offset: start, found: "a number out of range", expected: "a number below 2^1024")
        }
        return text
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

    // MARK: Strings

    /// Reads a string: escapes resolved, lone surrogates and bare control characters refused.
    package mutating func string() throws(JSONFault) -> String {
        guard take(UInt8(ascii: "\"")) else { throw fault(expected: "a string") }
        let run = plainRun()
        guard current == UInt8(ascii: "\\") else {
            _ = try escape()
            return String(decoding: run, as: UTF8.self)
        }
        var text = Array(run)
        try appendRest(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads a string as `string()` does, replacing `text` with its UTF-8.
    package mutating func string(into text: inout [UInt8]) throws(JSONFault) {
        guard take(UInt8(ascii: "\"")) else { throw fault(expected: "a string") }
        text.removeAll(keepingCapacity: true)
        text.append(contentsOf: plainRun())
        try appendRest(to: &text)
    }

    private mutating func appendRest(to text: inout [UInt8]) throws(JSONFault) {
        while let scalar = try escape() {
            text.append(contentsOf: scalar.utf8)
            text.append(contentsOf: plainRun())
        }
    }

    private mutating func skipString() throws(JSONFault) {
        guard take(UInt8(ascii: "\"")) else { throw fault(expected: "a string") }
        repeat { _ = plainRun() } while try escape() != nil
    }

    /// Reads the bytes of a string up to its end, an escape or a fault.
    private mutating func plainRun() -> UnsafeRawBufferPointer {
        let start = offset
        while let byte = current, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { offset += 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
    }

    /// What follows a plain run: the scalar of an escape, or nil for the end of the string.
    private mutating func escape() throws(JSONFault) -> UnicodeScalar? {
        switch current {
        case UInt8(ascii: "\""):
            offset += 1
            return nil
        case UInt8(ascii: "\\"): offset += 1
        case nil: throw fault(expected: "'\"'")
        default: throw fault(expected: "no control character inside a string")
        }
        let scalar: UnicodeScalar
        switch current {
        case UInt8(ascii: "\""): scalar = "\""
        case UInt8(ascii: "\\"): scalar = "\\"
        case UInt8(ascii: "/"): scalar = "/"
        case UInt8(ascii: "b"): scalar = "\u{8}"
        case UInt8(ascii: "f"): scalar = "\u{C}"
        case UInt8(ascii: "n"): scalar = "\n"
        case UInt8(ascii: "r"): scalar = "\r"
        case UInt8(ascii: "t"): scalar = "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw fault(expected: "an escape")
        }
        offset += 1
        return scalar
    }

    private mutating func unicodeEscape() throws(JSONFault) -> UnicodeScalar {
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
        return scalar
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
