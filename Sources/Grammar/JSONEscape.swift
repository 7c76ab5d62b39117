// What a JSON string cannot hold as it is. Knows no schema.

enum JSONEscape {
    /// Scalars that must be escaped.
    static let scalars = ScalarSet([0x00...0x1F, 0x22...0x22, 0x5C...0x5C])

    /// Scalars with an escape of two characters, and the second of them.
    static let short: [(value: UInt32, letter: UInt8)] = [
        (0x22, UInt8(ascii: "\"")), (0x5C, UInt8(ascii: "\\")), (0x08, UInt8(ascii: "b")), (0x0C, UInt8(ascii: "f")),
        (0x0A, UInt8(ascii: "n")), (0x0D, UInt8(ascii: "r")), (0x09, UInt8(ascii: "t")),
    ]

    /// The text inside the quotes of a JSON string, with as few escapes as can be.
    static func escaped(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            if let (_, letter) = short.first(where: { $0.value == scalar.value }) {
                bytes += [UInt8(ascii: "\\"), letter]
            } else if scalar.value < 0x20 {
                let digits = String(scalar.value, radix: 16)
                bytes += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            } else {
                bytes += Array(String(scalar).utf8)
            }
        }
        return bytes
    }
}
