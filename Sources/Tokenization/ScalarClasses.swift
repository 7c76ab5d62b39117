// The Unicode classes that the pre-tokenisation rule speaks of. Knows no rule and no vocabulary.

/// What the pre-tokenisation rule distinguishes.
package enum ScalarClass {
    package static let other: UInt8 = 0
    package static let letter: UInt8 = 1  // \p{L}
    package static let number: UInt8 = 2  // \p{N}
    package static let space: UInt8 = 3  // \s except the two below
    package static let newline: UInt8 = 4  // \r and \n
}

/// Class of every scalar in a two-level table: 4,352 blocks of 256 scalars, equal blocks kept once.
///
/// Built from the standard library's properties, but only for scalars that Unicode 16.0 assigns: that is the version
/// Hugging Face `tokenizers` 0.21 to 0.23 match with, and a newer standard library must not change ids.
package struct ScalarClasses: Sendable {
    package static let shared = ScalarClasses()

    /// Where the classes of a block start in `classes`.
    private let blocks: [UInt32]
    private let classes: [UInt8]

    private init() {
        var blocks: [UInt32] = []
        var classes: [UInt8] = []
        var known: [[UInt8]: UInt32] = [:]
        blocks.reserveCapacity(0x1100)
        for block in UInt32(0)..<0x1100 {
            let row = Self.isUniform(block) ? Self.uniformRow(block) : (0..<256).map { Self.classify(block << 8 | $0) }
            if let start = known[row] {
                blocks.append(start)
            } else {
                known[row] = UInt32(classes.count)
                blocks.append(UInt32(classes.count))
                classes += row
            }
        }
        self.blocks = blocks
        self.classes = classes
    }

    /// Class of an ASCII byte.
    @inline(__always)
    package func ofASCII(_ byte: UInt8) -> UInt8 { classes[Int(byte)] }

    @inline(__always)
    package func of(_ scalar: UInt32) -> UInt8 {
        classes[Int(blocks[Int(scalar >> 8)] &+ scalar & 0xFF)]
    }

    /// Blocks inside the large ranges that Unicode assigns as a whole, or not at all.
    private static func isUniform(_ block: UInt32) -> Bool {
        switch block {
        case 0x34...0x4C, 0x4E...0x9E, 0xAC...0xD6: true  // CJK extension A, CJK, Hangul
        case 0xD8...0xF8: true  // surrogates and private use
        case 0x200...0x2A5, 0x400...0x1_0FF: true  // CJK extension B; planes without letters
        default: false
        }
    }

    private static func uniformRow(_ block: UInt32) -> [UInt8] {
        [UInt8](repeating: classify(block << 8), count: 256)
    }

    private static func classify(_ value: UInt32) -> UInt8 {
        if value == 0x0A || value == 0x0D { return ScalarClass.newline }
        guard let properties = Unicode.Scalar(value)?.properties else { return ScalarClass.other }
        if properties.isWhitespace { return ScalarClass.space }
        let kind: UInt8
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            kind = ScalarClass.letter
        case .decimalNumber, .letterNumber, .otherNumber: kind = ScalarClass.number
        default: return ScalarClass.other
        }
        guard let age = properties.age, age.major <= 16 else { return ScalarClass.other }
        return kind
    }
}
