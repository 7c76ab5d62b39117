// The pieces text is cut into, and the character classes behind them.

import Foundation
import TestSupport
import Testing
import Tokenization

@Suite struct PreTokenizerTests {
    private func pieces(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        let scanner = PreTokenizer()
        var pieces: [String] = []
        var start = 0
        while start < bytes.count {
            let end = scanner.end(of: bytes.span, from: start, limit: bytes.count)
            guard end > start else { break }
            pieces.append(String(decoding: bytes[start..<end], as: UTF8.self))
            start = end
        }
        return pieces
    }

    /// Pieces from Oniguruma through Hugging Face `tokenizers` 0.21.4.
    @Test(arguments: [
        ("I'll SAY'S it's 'say", ["I", "'ll", " SAY", "'S", " it", "'s", " '", "say"]),
        ("x'\u{17F} '\u{17F}y 'lL 'Re'v", ["x", "'\u{17F}", " '", "\u{17F}y", " '", "lL", " '", "Re", "'v"]),
        ("12345 6", ["123", "45", " ", "6"]),
        ("a  b\n\n  c \n", ["a", " ", " b", "\n\n", " ", " c", " \n"]),
        ("  \t\u{A0}x\u{3000}y", ["  \t", "\u{A0}x", "\u{3000}y"]),
        ("!?\r\n\r\n x ...\nz", ["!?\r\n\r\n", " x", " ...\n", "z"]),
        ("e\u{301}a\u{301}", ["e", "\u{301}a", "\u{301}"]),
        ("½Ⅷ٣६ 4", ["½Ⅷ٣", "६", " ", "4"]),
        ("\u{200B}\u{FEFF}a\0b", ["\u{200B}\u{FEFF}", "a", "\0b"]),
        ("   ", ["   "]),
        ("a   ", ["a", "   "]),
    ])
    func piecesEqualTheRegularExpressions(text: String, expected: [String]) {
        #expect(pieces(text).map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    }

    /// Every scalar, against the classes that Hugging Face `tokenizers` matched with.
    @Test func classesEqualThoseOfOniguruma() throws {
        struct Ranges: Decodable {
            var letters: [UInt32]
            var numbers: [UInt32]
            var spaces: [UInt32]
        }
        let ranges = try JSONDecoder().decode(
            Ranges.self, from: Data(contentsOf: Fixture.folder.appending(path: "unicode-classes.json")))
        var expected = [UInt8](repeating: ScalarClass.other, count: 0x110000)
        for (list, kind) in [
            (ranges.letters, ScalarClass.letter), (ranges.numbers, ScalarClass.number),
            (ranges.spaces, ScalarClass.space), ([10, 10, 13, 13], ScalarClass.newline),
        ] {
            for index in stride(from: 0, to: list.count, by: 2) {
                for scalar in list[index]...list[index + 1] { expected[Int(scalar)] = kind }
            }
        }
        let classes = ScalarClasses.shared
        let wrong = (0..<UInt32(0x110000)).filter { classes.of($0) != expected[Int($0)] }
        #expect(wrong.isEmpty, "first: \(wrong.prefix(5).map { String($0, radix: 16) })")
    }

    @Test func bytesThatAreNotUTF8AreStillCutWithinBounds() {
        var random = Random(state: 3)
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...12, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            var start = 0
            let scanner = PreTokenizer()
            while start < bytes.count {
                let end = scanner.end(of: bytes.span, from: start, limit: bytes.count)
                #expect(end > start && end <= bytes.count)
                start = max(end, start + 1)
            }
        }
    }
}
