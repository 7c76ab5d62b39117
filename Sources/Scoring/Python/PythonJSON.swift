// `json.loads` as the public code uses it on replies: JSON with NaN and Infinity, repeated keys, the last one winning.
// JSONText's scanner refuses both, rightly; this one reads what the public code reads.

package struct PythonJSON {
    /// Python stops near its recursion limit of 1000.
    private static let depthLimit = 900

    private let text: [Unicode.Scalar]
    private var offset = 0

    /// - Throws: `syntax` where Python raises JSONDecodeError, `recursion` where it raises RecursionError.
    package static func parse(_ text: CodePoints) throws(PythonFault) -> PythonValue {
        var json = PythonJSON(text: text.scalars)
        json.skipSpace()
        let value = try json.value(depth: 0)
        json.skipSpace()
        guard json.offset == json.text.count else { throw .syntax }
        return value
    }

    private init(text: [Unicode.Scalar]) { self.text = text }

    private var current: Unicode.Scalar? { offset < text.count ? text[offset] : nil }

    private mutating func skipSpace() {
        while let scalar = current, scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" { offset += 1 }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        offset += 1
        return true
    }

    private mutating func take(word: String) -> Bool {
        let scalars = word.unicodeScalars
        guard text[offset...].starts(with: scalars) else { return false }
        offset += scalars.count
        return true
    }

    private mutating func value(depth: Int) throws(PythonFault) -> PythonValue {
        guard depth < Self.depthLimit else { throw .recursion }
        switch current {
        case "{": return .dictionary(try members(depth: depth + 1))
        case "[": return .list(try elements(depth: depth + 1))
        case "\"": return .text(try string())
        default:
            if take(word: "null") { return .none }
            if take(word: "true") { return .bool(true) }
            if take(word: "false") { return .bool(false) }
            if take(word: "NaN") { return .float(.nan) }
            if take(word: "Infinity") { return .float(.infinity) }
            if take(word: "-Infinity") { return .float(-.infinity) }
            return try number()
        }
    }

    private mutating func members(depth: Int) throws(PythonFault) -> PythonDictionary {
        offset += 1
        var members = PythonDictionary()
        skipSpace()
        if take("}") { return members }
        while true {
            guard current == "\"" else { throw .syntax }
            let key = try string()
            skipSpace()
            guard take(":") else { throw .syntax }
            skipSpace()
            members[.text(key)] = try value(depth: depth)
            skipSpace()
            if take("}") { return members }
            guard take(",") else { throw .syntax }
            skipSpace()
        }
    }

    private mutating func elements(depth: Int) throws(PythonFault) -> [PythonValue] {
        offset += 1
        var values: [PythonValue] = []
        skipSpace()
        if take("]") { return values }
        while true {
            values.append(try value(depth: depth))
            skipSpace()
            if take("]") { return values }
            guard take(",") else { throw .syntax }
            skipSpace()
        }
    }

    private mutating func number() throws(PythonFault) -> PythonValue {
        var result = ""
        func digits(_ json: inout PythonJSON) -> Int {
            var count = 0
            while let scalar = json.current, scalar.isASCIIDigit {
                result.unicodeScalars.append(scalar)
                json.offset += 1
                count += 1
            }
            return count
        }
        if take("-") { result = "-" }
        guard let first = current else { throw .syntax }
        if first == "0" {
            result += "0"
            offset += 1
        } else if digits(&self) == 0 {
            throw .syntax
        }
        var mark = (offset, result)
        if take(".") {
            result += "."
            if digits(&self) == 0 { (offset, result) = mark }
        }
        mark = (offset, result)
        if let scalar = current, scalar == "e" || scalar == "E" {
            offset += 1
            result += "e"
            if take("+") {
                result += "+"
            } else if take("-") {
                result += "-"
            }
            if digits(&self) == 0 { (offset, result) = mark }
        }
        return PythonValue(number: result)
    }

    private mutating func string() throws(PythonFault) -> CodePoints {
        offset += 1
        var result: [Unicode.Scalar] = []
        while let scalar = current {
            offset += 1
            switch scalar {
            case "\"": return CodePoints(result)
            case "\\":
                guard let next = current else { throw .syntax }
                offset += 1
                switch next {
                case "\"", "\\", "/": result.append(next)
                case "b": result.append("\u{8}")
                case "f": result.append("\u{C}")
                case "n": result.append("\n")
                case "r": result.append("\r")
                case "t": result.append("\t")
                case "u": result.append(try escaped())
                default: throw .syntax
                }
            case "\u{0}"..<"\u{20}": throw .syntax
            default: result.append(scalar)
            }
        }
        throw .syntax
    }

    /// A code unit in hexadecimal, or two that make one code point; a lone half has no place in Swift's text.
    private mutating func escaped() throws(PythonFault) -> Unicode.Scalar {
        let first = try codeUnit()
        guard (0xD800..<0xDC00).contains(first), text[offset...].starts(with: "\\u".unicodeScalars) else {
            return Unicode.Scalar(first) ?? "\u{FFFD}"
        }
        let mark = offset
        offset += 2
        let second = try codeUnit()
        guard (0xDC00..<0xE000).contains(second) else {
            offset = mark
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func codeUnit() throws(PythonFault) -> UInt32 {
        guard offset + 4 <= text.count else { throw .syntax }
        var value: UInt32 = 0
        for scalar in text[offset..<offset + 4] {
            guard scalar.value < 0x80, let digit = Character(scalar).hexDigitValue else { throw .syntax }
            value = value << 4 | UInt32(digit)
        }
        offset += 4
        return value
    }
}
