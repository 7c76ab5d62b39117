// The scanner step by step: strings, counts, places to come back to, and where a fault is said to lie.

import JSONText
import Testing

@Suite struct JSONScannerTests {
    /// Runs `body` on a scanner of `text`.
    private func scan<Value>(
        _ text: String, _ body: (inout JSONScanner) throws(JSONFault) -> Value
    ) throws(JSONFault) -> Value {
        try Array(text.utf8).withUnsafeBufferPointer { (bytes) throws(JSONFault) in
            var scanner = try JSONScanner(UnsafeRawBufferPointer(bytes))
            return try body(&scanner)
        }
    }

    @Test func stringsReadTheSameBothWays() throws {
        for (text, value) in [
            (#""""#, ""), (#""abc""#, "abc"), (#" "é😀" "#, "é😀"), (#""\u00e9\ud83d\uDE00x""#, "é😀x"),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""a\u0000b""#, "a\u{0}b"), (#""\nab\n""#, "\nab\n"),
        ] {
            #expect(try scan(text) { (scanner) throws(JSONFault) in try scanner.string() } == value)
            let bytes = try scan(text) { (scanner) throws(JSONFault) in
                var bytes: [UInt8] = [1, 2, 3]
                try scanner.string(into: &bytes)
                return bytes
            }
            #expect(bytes == Array(value.utf8))
        }
    }

    @Test func countsAreWholeAndBounded() throws {
        #expect(try scan(" 0") { (scanner) throws(JSONFault) in try scanner.count() } == 0)
        #expect(try scan("9223372036854775807") { (scanner) throws(JSONFault) in try scanner.count() } == Int.max)
        for text in ["9223372036854775808", "99999999999999999999", "-1", "01", "1.0", "1e2", "\"1\"", ""] {
            #expect(throws: JSONFault.self, "\(text)") {
                try scan(text) { (scanner) throws(JSONFault) in try scanner.count() }
            }
        }
    }

    @Test func aCopyIsAPlaceToComeBackTo() throws {
        let read = try scan(#"{"a": [[1, 2], {"b": 3}], "c": 4}"#) { (scanner) throws(JSONFault) in
            try scanner.enterObject()
            var key: [UInt8] = []
            guard try scanner.nextKey(into: &key) else { return [Int]() }
            var place = scanner
            try scanner.skip()
            guard try scanner.nextKey() == "c" else { return [] }
            var counts = [try scanner.count()]
            guard try scanner.nextKey() == nil else { return [] }
            try scanner.end()
            try place.enterArray()
            guard try place.nextElement() else { return [] }
            try place.enterArray()
            while try place.nextElement() { counts.append(try place.count()) }
            return counts
        }
        #expect(read == [4, 1, 2])
    }

    /// A key left without its value, or a value read twice, ends in a fault.
    @Test func readingOutOfStepIsAFault() {
        #expect(throws: JSONFault(offset: 5, found: "'1'", expected: "',' or '}'")) {
            try scan(#"{"a":1}"#) { (scanner) throws(JSONFault) in
                try scanner.enterObject()
                while try scanner.nextKey() != nil {}
            }
        }
        #expect(throws: JSONFault(offset: 2, found: "']'", expected: "a JSON value")) {
            try scan("[1]") { (scanner) throws(JSONFault) in
                try scanner.enterArray()
                while try scanner.nextElement() {
                    try scanner.skip()
                    try scanner.skip()
                }
            }
        }
    }

    static let faults: [(text: String, offset: Int, found: String, expected: String)] = [
        ("", 0, "the end of the text", "a JSON value"),
        ("{} x", 3, "'x'", "the end of the text"),
        ("[1,]", 3, "']'", "a JSON value"),
        ("[1 2]", 3, "'2'", "',' or ']'"),
        ("{\"a\":1,}", 7, "'}'", "a string"),
        ("{\"a\" 1}", 5, "'1'", "':'"),
        ("{1:2}", 1, "'1'", "a string"),
        ("[tru]", 1, "'t'", "'true'"),
        ("nul", 0, "'n'", "'null'"),
        ("-", 1, "the end of the text", "a digit"),
        ("1.", 2, "the end of the text", "a digit"),
        ("1e+", 3, "the end of the text", "a digit"),
        ("01", 1, "'1'", "the end of the text"),
        ("1e999", 0, "a number out of range", "a number below 2^1024"),
        ("\"ab", 3, "the end of the text", "'\"'"),
        ("\"\u{1}\"", 1, "byte 0x1", "no control character inside a string"),
        ("\"\\x\"", 2, "'x'", "an escape"),
        ("\"\\u12g4\"", 5, "'g'", "four hexadecimal digits"),
        ("\"\\uDC00\"", 2, "a lone surrogate", "a Unicode scalar"),
        ("\"\\uD800x\"", 2, "a lone surrogate", "a Unicode scalar"),
        ("\"\\uD800\\n\"", 8, "'n'", "a low surrogate"),
        ("\"\\uD800\\uD800\"", 13, "'\"'", "a low surrogate"),
    ]

    /// Reading and skipping find the same faults.
    @Test(arguments: faults.indices)
    func faultsAreNamedAndPlaced(index: Int) {
        let (text, offset, found, expected) = Self.faults[index]
        let fault = JSONFault(offset: offset, found: found, expected: expected)
        #expect(throws: fault) {
            try scan(text) { (scanner) throws(JSONFault) in
                _ = try JSON(&scanner)
                try scanner.end()
            }
        }
        #expect(throws: fault) {
            try scan(text) { (scanner) throws(JSONFault) in
                try scanner.skip()
                try scanner.end()
            }
        }
    }

    @Test func nestingIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        for text in [nested(64), "[" + nested(63) + "," + nested(63) + "]"] {
            try scan(text) { (scanner) throws(JSONFault) in
                try scanner.skip()
                try scanner.end()
            }
        }
        for text in [nested(65), String(repeating: "{\"a\":", count: 100_000)] {
            #expect {
                try scan(text) { (scanner) throws(JSONFault) in try scanner.skip() }
            } throws: { error in
                (error as? JSONFault)?.found == "nesting deeper than 64"
            }
        }
    }

    @Test func textThatIsNotUTF8IsRefusedAtItsByte() {
        let bytes: [UInt8] = [0x22, 0xC3, 0xA9, 0xC3, 0x22]
        let fault = JSONFault(offset: 3, found: "bytes that are not UTF-8", expected: "UTF-8 text")
        #expect(throws: fault) { _ = try bytes.withUnsafeBytes { try JSONScanner($0) } }
    }
}
