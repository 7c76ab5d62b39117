// `ast.literal_eval`: Python's literals out of a text. Knows no names, calls or arithmetic beyond signs and complex numbers.

/// Why Python would not read a text, as far as the public code tells the reasons apart.
package enum PythonFault: Error, Equatable {
    case syntax
    case value
    /// An unhashable key or element.
    case type
    case recursion
}

package struct PythonLiteral {
    /// Deepest nesting that is read; Python's own parser stops near 200 brackets.
    private static let depthLimit = 200

    let text: [Unicode.Scalar]
    var offset = 0
    var depth = 0

    private init(_ text: some Sequence<Unicode.Scalar>) { self.text = Array(text) }

    package static func parse(_ text: CodePoints) throws(PythonFault) -> PythonValue {
        let trimmed = text.scalars.drop { $0 == " " || $0 == "\t" }
        guard !trimmed.contains("\0") else { throw .syntax }
        var literal = PythonLiteral(trimmed)
        return try literal.whole()
    }

    // MARK: Grammar

    private mutating func whole() throws(PythonFault) -> PythonValue {
        skipBlankLines()
        // A line that begins with blanks is an unexpected indent.
        if let scalar = current, offset > 0, scalar == " " || scalar == "\t" { throw .syntax }
        let first = try expression()
        var values = [first]
        var isTuple = false
        skipBlanks()
        while take(",") {
            isTuple = true
            skipBlanks()
            guard let scalar = current, scalar != "\n", scalar != "\r", scalar != "#" else { break }
            values.append(try expression())
            skipBlanks()
        }
        skipSpace()
        guard current == nil else { throw .syntax }
        return isTuple ? .tuple(values) : first
    }

    /// A literal with its signs, or a sum that makes a complex number.
    private mutating func expression() throws(PythonFault) -> PythonValue {
        let first = try signed()
        skipBlanks()
        guard let sign = current, sign == "+" || sign == "-" else {
            // Anything else in operator place is an expression Python may parse, but does not evaluate.
            if let sign = current, "*/%@&|^<>=!.([".unicodeScalars.contains(sign) { throw .value }
            return first
        }
        offset += 1
        let second = try signed()
        guard case .complex(let real, let imaginary) = second else { throw .value }
        let base: Double
        switch first {
        case .integer(let digits): base = Double(digits) ?? .infinity
        case .float(let value): base = value
        default: throw .value
        }
        return sign == "+" ? .complex(base + real, imaginary) : .complex(base - real, -imaginary)
    }

    private mutating func signed() throws(PythonFault) -> PythonValue {
        skipBlanks()
        guard let sign = current, sign == "+" || sign == "-" else { return try atom() }
        offset += 1
        skipBlanks()
        // `--1` parses and is not a literal.
        if let next = current, next == "+" || next == "-" { throw .value }
        let value = try atom()
        let isNegative = sign == "-"
        switch value {
        case .integer(let digits): return isNegative && digits != "0" ? .integer("-" + digits) : value
        case .float(let number): return isNegative ? .float(-number) : value
        case .complex(let real, let imaginary): return isNegative ? .complex(-real, -imaginary) : value
        default: throw .value
        }
    }

    private mutating func atom() throws(PythonFault) -> PythonValue {
        guard let scalar = current else { throw .syntax }
        switch scalar {
        case "(": return try parenthesized()
        case "[": return .list(try elements(until: "]"))
        case "{": return try braces()
        case "'", "\"": return try strings()
        case ".":
            if text[offset...].starts(with: "...".unicodeScalars) {
                offset += 3
                return .ellipsis
            }
            return try number()
        case "0"..."9": return try number()
        default:
            guard scalar.isPythonLetter || scalar == "_" else { throw .syntax }
            if isStringPrefix { return try strings() }
            return try name()
        }
    }

    private mutating func parenthesized() throws(PythonFault) -> PythonValue {
        try enter()
        defer { depth -= 1 }
        skipSpace()
        if take(")") { return .tuple([]) }
        let first = try inside()
        skipSpace()
        if take(")") { return first }
        var values = [first]
        while take(",") {
            skipSpace()
            if current == ")" { break }
            values.append(try inside())
            skipSpace()
        }
        guard take(")") else { throw .syntax }
        return .tuple(values)
    }

    private mutating func elements(until close: Unicode.Scalar) throws(PythonFault) -> [PythonValue] {
        try enter()
        defer { depth -= 1 }
        var values: [PythonValue] = []
        skipSpace()
        while current != close {
            values.append(try inside())
            skipSpace()
            guard take(",") else { break }
            skipSpace()
        }
        guard take(close) else { throw .syntax }
        return values
    }

    /// A dictionary or a set.
    private mutating func braces() throws(PythonFault) -> PythonValue {
        try enter()
        defer { depth -= 1 }
        skipSpace()
        if take("}") { return .dictionary(PythonDictionary()) }
        let first = try inside()
        skipSpace()
        guard take(":") else {
            var values = [first]
            while take(",") {
                skipSpace()
                if current == "}" { break }
                values.append(try inside())
                skipSpace()
            }
            guard take("}") else { throw .syntax }
            guard values.allSatisfy(\.isHashable) else { throw .type }
            var seen: Set<PythonValue> = []
            return .set(values.filter { seen.insert($0).inserted })
        }
        var pairs = [(first, try inside())]
        skipSpace()
        while take(",") {
            skipSpace()
            if current == "}" { break }
            let key = try inside()
            skipSpace()
            guard take(":") else { throw .syntax }
            pairs.append((key, try inside()))
            skipSpace()
        }
        guard take("}") else { throw .syntax }
        guard pairs.allSatisfy({ $0.0.isHashable }) else { throw .type }
        var members = PythonDictionary()
        for (key, value) in pairs { members[key] = value }
        return .dictionary(members)
    }

    /// An expression inside brackets, where lines do not end.
    private mutating func inside() throws(PythonFault) -> PythonValue {
        skipSpace()
        return try expression()
    }

    private mutating func enter() throws(PythonFault) {
        offset += 1
        depth += 1
        guard depth <= Self.depthLimit else { throw .syntax }
    }

    // MARK: Words

    private mutating func name() throws(PythonFault) -> PythonValue {
        let start = offset
        while let scalar = current, scalar.isPythonWord { offset += 1 }
        switch CodePoints(text[start..<offset]).text {
        case "None": return .none
        case "True": return .bool(true)
        case "False": return .bool(false)
        case "set":
            var ahead = self
            if ahead.take("("), ahead.take(")") {
                self = ahead
                return .set([])
            }
            throw .value
        default: throw .value
        }
    }

    private mutating func number() throws(PythonFault) -> PythonValue {
        let start = offset
        if current == "0", offset + 1 < text.count {
            let radix: Int? =
                switch text[offset + 1] {
                case "x", "X": 16
                case "o", "O": 8
                case "b", "B": 2
                default: nil
                }
            if let radix {
                offset += 2
                let digits = try digitsAndLowLines { $0.value < 0x80 && $0.properties.isASCIIHexDigit }
                guard !digits.isEmpty, !follows({ $0.isPythonWord }) else { throw .syntax }
                guard let value = UInt64(digits, radix: radix) else { throw .syntax }
                return .integer(String(value))
            }
        }
        let whole = try digitsAndLowLines(\.isASCIIDigit)
        var isFloat = false
        var text = whole
        if take(".") {
            isFloat = true
            let fraction = try digitsAndLowLines(\.isASCIIDigit)
            guard !whole.isEmpty || !fraction.isEmpty else { throw .syntax }
            text += "." + fraction
        }
        if let scalar = current, scalar == "e" || scalar == "E" {
            let mark = offset
            offset += 1
            var exponent = "e"
            if let sign = current, sign == "+" || sign == "-" {
                exponent.unicodeScalars.append(sign)
                offset += 1
            }
            let digits = try digitsAndLowLines(\.isASCIIDigit)
            if digits.isEmpty {
                offset = mark
            } else {
                isFloat = true
                text += exponent + digits
            }
        }
        guard offset > start else { throw .syntax }
        let isImaginary = take("j") || take("J")
        guard !follows({ $0.isPythonWord }) else { throw .syntax }
        if isFloat || isImaginary {
            guard let value = PythonFloat.parse(CodePoints(text)) else { throw .syntax }
            return isImaginary ? .complex(0, value) : .float(value)
        }
        let digits = whole.drop { $0 == "0" }
        // Leading zeros are allowed of zero only.
        guard digits.isEmpty || digits.count == whole.count else { throw .syntax }
        return .integer(digits.isEmpty ? "0" : String(digits))
    }

    /// Digits without the low lines between them.
    private mutating func digitsAndLowLines(_ isDigit: (Unicode.Scalar) -> Bool) throws(PythonFault) -> String {
        var result = ""
        while let scalar = current {
            if isDigit(scalar) {
                result.unicodeScalars.append(scalar)
            } else if scalar == "_" {
                guard offset + 1 < text.count, isDigit(text[offset + 1]) else { throw .syntax }
            } else {
                break
            }
            offset += 1
        }
        return result
    }
}
