// The printable alphabet in which byte-level BPE files spell bytes (Radford et al., GPT-2, 2019). Knows no vocabulary.

/// One character for each byte: the printable ones of Latin-1 stand for themselves, the other 68 take U+0100 upwards in
/// order, so a space is "Ġ" and a newline "Ċ".
enum ByteLevelAlphabet {
    /// First scalar after the alphabet: 256 + 68.
    private static let limit: UInt32 = 324

    /// Byte of each scalar below `limit`; -1 where the alphabet has no such character.
    private static let byteOfScalar: [Int16] = {
        var bytes = [Int16](repeating: -1, count: Int(limit))
        var next = 256
        for byte in 0..<256 {
            switch byte {
            case 33...126, 161...172, 174...255: bytes[byte] = Int16(byte)
            default:
                bytes[next] = Int16(byte)
                next += 1
            }
        }
        return bytes
    }()

    /// The character that stands for a byte.
    static func spelling(of byte: UInt8) -> String {
        let scalar = byteOfScalar.firstIndex(of: Int16(byte)).flatMap { UnicodeScalar(UInt32($0)) }
        return scalar.map { String(Character($0)) } ?? ""
    }

    /// Appends to `bytes` those that `spelling` (UTF-8) stands for; appends nothing and returns false when a character
    /// of it is outside the alphabet.
    static func decode(_ spelling: [UInt8], into bytes: inout [UInt8]) -> Bool {
        let table = byteOfScalar
        let start = bytes.count
        var index = 0
        while index < spelling.count {
            var scalar = Int(spelling[index])
            index += 1
            if scalar >= 0x80 {
                guard scalar < 0xC8, index < spelling.count else {
                    bytes.removeSubrange(start...)
                    return false
                }
                scalar = (scalar & 0x1F) << 6 | Int(spelling[index] & 0x3F)
                index += 1
            }
            guard scalar < table.count, table[scalar] >= 0 else {
                bytes.removeSubrange(start...)
                return false
            }
            bytes.append(UInt8(truncatingIfNeeded: table[scalar]))
        }
        return true
    }
}
