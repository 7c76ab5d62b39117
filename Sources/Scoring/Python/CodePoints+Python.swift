// Python's `strip`, `split`, `lower`, `upper` and `isalpha` over code points. Every rule has cases among the goldens.

extension Unicode.Scalar {
    /// `str.isspace`: Unicode white space and the four information separators.
    package var isPythonSpace: Bool {
        if value < 0x80 { return value == 0x20 || (0x09...0x0D).contains(value) || (0x1C...0x1F).contains(value) }
        return properties.isWhitespace
    }

    /// `str.isalpha`: one of the letter categories.
    package var isPythonLetter: Bool {
        if value < 0x80 { return (0x41...0x5A).contains(value & 0xDF) }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        default: return false
        }
    }

    /// `\d`: a decimal digit of any script, with its value.
    package var pythonDigit: Int? {
        if value < 0x80 { return (0x30...0x39).contains(value) ? Int(value) - 0x30 : nil }
        guard properties.generalCategory == .decimalNumber, let number = properties.numericValue else { return nil }
        return Int(exactly: number)
    }

    /// `\w`: what `str.isalnum` accepts, and the low line.
    package var isPythonWord: Bool {
        if value < 0x80 { return isPythonLetter || (0x30...0x39).contains(value) || value == 0x5F }
        return isPythonLetter || properties.numericType != nil
    }

    var isASCIIDigit: Bool { (0x30...0x39).contains(value) }
}

extension CodePoints {
    /// `str.strip()`.
    package var stripped: CodePoints { trimmed(\.isPythonSpace) }

    /// `str.split()`: pieces between runs of white space, none of them empty.
    package var words: [CodePoints] {
        scalars.split(whereSeparator: \.isPythonSpace).map { CodePoints($0) }
    }

    /// `str.isalpha`, code point by code point: what remains when all else is removed.
    package var letters: CodePoints { CodePoints(scalars.filter(\.isPythonLetter)) }

    /// `str.lower()`: full mappings and the final sigma.
    package var lowered: CodePoints {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(count)
        for (index, scalar) in scalars.enumerated() {
            if scalar.value < 0x80 {
                let isUpper = (0x41...0x5A).contains(scalar.value)
                result.append(isUpper ? Unicode.Scalar(UInt8(scalar.value) + 0x20) : scalar)
            } else if scalar == "Σ" {
                result.append(isFinal(index) ? "ς" : "σ")
            } else {
                result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return CodePoints(result)
    }

    /// `len(text.upper())`.
    package var countOfUppercase: Int {
        scalars.reduce(0) { count, scalar in
            count + (scalar.value < 0x80 ? 1 : scalar.properties.uppercaseMapping.unicodeScalars.count)
        }
    }

    /// `str.upper()`.
    package var uppered: CodePoints {
        CodePoints(scalars.flatMap { Array($0.properties.uppercaseMapping.unicodeScalars) })
    }

    /// Whether a capital sigma stands at the end of a word: a cased letter before it and none after, marks that case ignores
    /// left aside.
    private func isFinal(_ index: Int) -> Bool {
        func isCased(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
            for scalar in scalars where !scalar.properties.isCaseIgnorable { return scalar.properties.isCased }
            return false
        }
        return isCased(scalars[..<index].reversed()) && !isCased(scalars[(index + 1)...])
    }
}
