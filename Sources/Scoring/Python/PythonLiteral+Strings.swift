// Strings of a Python literal, and the scalars that all of its grammar is read from. Knows no other literals.

extension PythonLiteral {
    var isStringPrefix: Bool {
        for place in offset..<min(offset + 3, text.count) {
            let scalar = text[place]
            if scalar == "'" || scalar == "\"" { return place > offset }
            guard "rRbBuUfF".unicodeScalars.contains(scalar) else { return false }
        }
        return false
    }

    /// One or several strings side by side.
    mutating func strings() throws(PythonFault) -> PythonValue {
        var scalars: [Unicode.Scalar] = []
        var areBytes: Bool?
        var isFormatted = false
        repeat {
            var prefix = ""
            while let scalar = current, scalar != "'", scalar != "\"" {
                prefix.unicodeScalars.append(scalar)
                offset += 1
            }
            prefix = prefix.lowercased()
            guard ["", "r", "b", "u", "f", "br", "rb", "fr", "rf"].contains(prefix) else { throw .syntax }
            isFormatted = isFormatted || prefix.contains("f")
            let isBytes = prefix.contains("b")
            guard areBytes ?? isBytes == isBytes else { throw .syntax }
            areBytes = isBytes
            scalars += try string(isRaw: prefix.contains("r"), isBytes: isBytes)
            if depth > 0 { skipSpace() } else { skipBlanks() }
        } while current == "'" || current == "\"" || isStringPrefix
        guard !isFormatted else { throw .value }
        return areBytes == true
            ? .bytes(scalars.map { UInt8(truncatingIfNeeded: $0.value) }) : .text(CodePoints(scalars))
    }

    private mutating func string(isRaw: Bool, isBytes: Bool) throws(PythonFault) -> [Unicode.Scalar] {
        guard let quote = current else { throw .syntax }
        let isLong = text[offset...].starts(with: [quote, quote, quote])
        offset += isLong ? 3 : 1
        var result: [Unicode.Scalar] = []
        while let scalar = current {
            if scalar == quote, !isLong || text[offset...].starts(with: [quote, quote, quote]) {
                offset += isLong ? 3 : 1
                return result
            }
            guard isLong || scalar != "\n" && scalar != "\r" else { throw .syntax }
            guard !isBytes || scalar.value < 0x80 else { throw .syntax }
            offset += 1
            if scalar == "\\" {
                if isRaw {
                    result.append(scalar)
                    guard let next = current else { throw .syntax }
                    result.append(next)
                    offset += 1
                } else {
                    try escape(isBytes: isBytes, into: &result)
                }
            } else if scalar == "\r" {
                // Line ends are read as one line feed.
                if current == "\n" { offset += 1 }
                result.append("\n")
            } else {
                result.append(scalar)
            }
        }
        throw .syntax
    }

    /// What follows a backslash.
    private mutating func escape(isBytes: Bool, into result: inout [Unicode.Scalar]) throws(PythonFault) {
        guard let scalar = current else { throw .syntax }
        offset += 1
        switch scalar {
        case "\n": break
        case "\r": if current == "\n" { offset += 1 }
        case "\\", "'", "\"": result.append(scalar)
        case "a": result.append("\u{7}")
        case "b": result.append("\u{8}")
        case "f": result.append("\u{C}")
        case "n": result.append("\n")
        case "r": result.append("\r")
        case "t": result.append("\t")
        case "v": result.append("\u{B}")
        case "0"..."7":
            var value = scalar.value - 0x30
            var count = 1
            while count < 3, let digit = current, (0x30...0x37).contains(digit.value) {
                value = value * 8 + digit.value - 0x30
                offset += 1
                count += 1
            }
            result.append(Unicode.Scalar(isBytes ? value & 0xFF : value) ?? "\u{FFFD}")
        case "x": result.append(try hexadecimal(2))
        case "u" where !isBytes: result.append(try hexadecimal(4))
        case "U" where !isBytes: result.append(try hexadecimal(8))
        case "N" where !isBytes:
            guard take("{"), let end = text[offset...].firstIndex(of: "}") else { throw .syntax }
            let name = CodePoints(text[offset..<end]).text.uppercased()
            guard let named = Self.named(name) else { throw .syntax }
            result.append(named)
            offset = end + 1
        default:
            // An escape that is none stays as it is.
            result.append("\\")
            result.append(scalar)
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(PythonFault) -> Unicode.Scalar {
        guard offset + count <= text.count else { throw .syntax }
        var value: UInt32 = 0
        for scalar in text[offset..<offset + count] {
            guard scalar.value < 0x80, let digit = Character(scalar).hexDigitValue else { throw .syntax }
            value = value << 4 | UInt32(digit)
        }
        offset += count
        guard value <= 0x10FFFF else { throw .syntax }
        // A lone surrogate has no place in Swift's text.
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }

    /// A code point by its name; only those of the Latin block are searched.
    private static func named(_ name: String) -> Unicode.Scalar? {
        (0x20...0x24F).lazy.compactMap { Unicode.Scalar($0) }.first { $0.properties.name == name }
    }

    // MARK: Scalars

    var current: Unicode.Scalar? { offset < text.count ? text[offset] : nil }

    func follows(_ test: (Unicode.Scalar) -> Bool) -> Bool { current.map(test) ?? false }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        offset += 1
        return true
    }

    /// Blanks inside a line; inside brackets lines and comments too.
    mutating func skipBlanks() {
        if depth > 0 { return skipSpace() }
        while let scalar = current {
            if scalar == " " || scalar == "\t" || scalar == "\u{C}" {
                offset += 1
            } else if scalar == "\\", offset + 1 < text.count, text[offset + 1] == "\n" {
                offset += 2
            } else {
                return
            }
        }
    }

    /// Blanks, line ends and comments.
    mutating func skipSpace() {
        while let scalar = current {
            switch scalar {
            case " ", "\t", "\u{C}", "\n", "\r": offset += 1
            case "\\" where offset + 1 < text.count && text[offset + 1] == "\n": offset += 2
            case "#": while let scalar = current, scalar != "\n" { offset += 1 }
            default: return
            }
        }
    }

    /// Lines of nothing but blanks and comments.
    mutating func skipBlankLines() {
        var lineStart = offset
        while let scalar = current {
            switch scalar {
            case "\n", "\r":
                offset += 1
                lineStart = offset
            case " ", "\t", "\u{C}": offset += 1
            case "#": while let scalar = current, scalar != "\n" { offset += 1 }
            default:
                offset = lineStart
                return
            }
        }
    }
}
