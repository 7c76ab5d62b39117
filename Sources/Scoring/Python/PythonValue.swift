// A value of Python's literals, and its text by `str` and `repr`. Knows nothing of how it is written in a source.

package import JSONText

/// What `ast.literal_eval` and `json.loads` give.
package indirect enum PythonValue: Sendable {
    case none
    case bool(Bool)
    /// In decimal digits, of any length.
    case integer(String)
    case float(Double)
    case complex(Double, Double)
    case text(CodePoints)
    case bytes([UInt8])
    case ellipsis
    case list([PythonValue])
    case tuple([PythonValue])
    case set([PythonValue])
    case dictionary(PythonDictionary)

    /// The next value of strict JSON, its keys in order.
    package init(_ scanner: inout JSONScanner) throws(JSONFault) {
        var bytes: [UInt8] = []
        try self.init(&scanner, &bytes)
    }

    /// - Parameter bytes: room for a string.
    private init(_ scanner: inout JSONScanner, _ bytes: inout [UInt8]) throws(JSONFault) {
        switch try scanner.kind() {
        case .object:
            var members = PythonDictionary()
            try scanner.enterObject()
            while try scanner.nextKey(into: &bytes) {
                let key = CodePoints(utf8: bytes)
                members[.text(key)] = try PythonValue(&scanner, &bytes)
            }
            self = .dictionary(members)
        case .array:
            var values: [PythonValue] = []
            try scanner.enterArray()
            while try scanner.nextElement() { values.append(try PythonValue(&scanner, &bytes)) }
            self = .list(values)
        case .string:
            try scanner.string(into: &bytes)
            self = .text(CodePoints(utf8: bytes))
        case .number: self = PythonValue(number: try scanner.number())
        case .bool: self = .bool(try scanner.bool())
        case .null:
            try scanner.null()
            self = .none
        }
    }

    /// A JSON number: whole ones without point and exponent are integers.
    init(number text: String) {
        if text.utf8.contains(where: { $0 == 0x2E || $0 == 0x65 || $0 == 0x45 }) {
            self = .float(Double(text) ?? .nan)
        } else {
            self = .integer(text == "-0" ? "0" : text)
        }
    }

    package var text: CodePoints? { if case .text(let text) = self { text } else { nil } }

    package var dictionary: PythonDictionary? { if case .dictionary(let members) = self { members } else { nil } }

    /// The elements of a list or a tuple.
    package var elements: [PythonValue]? {
        switch self {
        case .list(let values), .tuple(let values): values
        default: nil
        }
    }

    package var typeName: String {
        switch self {
        case .none: "NoneType"
        case .bool: "bool"
        case .integer: "int"
        case .float: "float"
        case .complex: "complex"
        case .text: "str"
        case .bytes: "bytes"
        case .ellipsis: "ellipsis"
        case .list: "list"
        case .tuple: "tuple"
        case .set: "set"
        case .dictionary: "dict"
        }
    }

    /// `bool(value)`.
    package var isTrue: Bool {
        switch self {
        case .none: false
        case .bool(let value): value
        case .integer(let digits): digits != "0"
        case .float(let value): value != 0
        case .complex(let real, let imaginary): real != 0 || imaginary != 0
        case .text(let text): !text.isEmpty
        case .bytes(let bytes): !bytes.isEmpty
        case .ellipsis: true
        case .list(let values), .tuple(let values), .set(let values): !values.isEmpty
        case .dictionary(let members): !members.isEmpty
        }
    }

    /// Whether it can be a key: lists, sets and dictionaries cannot, nor tuples that hold one.
    package var isHashable: Bool {
        switch self {
        case .list, .set, .dictionary: false
        case .tuple(let values): values.allSatisfy(\.isHashable)
        default: true
        }
    }
}

/// Python's equality: 1, 1.0 and True are one value.
extension PythonValue: Hashable {
    private var number: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let digits): Double(digits)
        case .float(let value): value
        default: nil
        }
    }

    package static func == (first: PythonValue, second: PythonValue) -> Bool {
        switch (first, second) {
        case (.none, .none), (.ellipsis, .ellipsis): true
        case (.integer(let first), .integer(let second)): first == second
        case (.text(let first), .text(let second)): first == second
        case (.bytes(let first), .bytes(let second)): first == second
        case (.complex(let a, let b), .complex(let c, let d)): a == c && b == d
        case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)): first == second
        case (.set(let first), .set(let second)): Set(first) == Set(second)
        case (.dictionary(let first), .dictionary(let second)):
            first.count == second.count && first.pairs.allSatisfy { second[$0.key] == $0.value }
        default:
            if let first = first.number, let second = second.number { first == second } else { false }
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .text(let text): hasher.combine(text)
        case .bytes(let bytes): hasher.combine(bytes)
        case .list(let values), .tuple(let values): hasher.combine(values)
        case .complex(let real, let imaginary):
            hasher.combine(real)
            hasher.combine(imaginary)
        default: hasher.combine(number ?? 0)
        }
    }
}

/// A dictionary that keeps the order in which its keys came, and the first spelling of equal keys.
package struct PythonDictionary: Sendable {
    package private(set) var pairs: [(key: PythonValue, value: PythonValue)] = []
    /// Places of the keys; empty while there are so few that looking at each is faster.
    private var places: [PythonValue: Int] = [:]
    private static let few = 16

    package init() {}

    package var isEmpty: Bool { pairs.isEmpty }
    package var count: Int { pairs.count }

    package subscript(key: PythonValue) -> PythonValue? {
        get { place(of: key).map { pairs[$0].value } }
        set {
            guard let newValue else { return }
            if let place = place(of: key) {
                pairs[place].value = newValue
                return
            }
            pairs.append((key, newValue))
            if places.isEmpty {
                guard pairs.count > Self.few else { return }
                for (place, pair) in pairs.enumerated() { places[pair.key] = place }
            } else {
                places[key] = pairs.count - 1
            }
        }
    }

    package subscript(key: CodePoints) -> PythonValue? {
        guard places.isEmpty else { return self[.text(key)] }
        return pairs.first { if case .text(let text) = $0.key { text == key } else { false } }?.value
    }

    private func place(of key: PythonValue) -> Int? {
        places.isEmpty ? pairs.firstIndex { $0.key == key } : places[key]
    }
}

// MARK: Text

extension PythonValue {
    /// `str(value)`.
    package var str: CodePoints {
        if case .text(let text) = self { text } else { repr }
    }

    /// `repr(value)`; a set in the order in which it was written.
    package var repr: CodePoints {
        var result: [Unicode.Scalar] = []
        write(to: &result)
        return CodePoints(result)
    }

    private func write(to result: inout [Unicode.Scalar]) {
        func write(_ open: String, _ values: [PythonValue], _ close: String) {
            result += open.unicodeScalars
            for (index, value) in values.enumerated() {
                if index > 0 { result += ", ".unicodeScalars }
                value.write(to: &result)
            }
            result += close.unicodeScalars
        }
        switch self {
        case .none: result += "None".unicodeScalars
        case .bool(let value): result += (value ? "True" : "False").unicodeScalars
        case .integer(let digits): result += digits.unicodeScalars
        case .float(let value): result += PythonFloat.repr(value).unicodeScalars
        case .complex(let real, let imaginary): result += Self.repr(real, imaginary).unicodeScalars
        case .text(let text): Self.quote(text.scalars, to: &result)
        case .bytes(let bytes):
            result.append("b")
            Self.quote(bytes.map { Unicode.Scalar($0) }, areBytes: true, to: &result)
        case .ellipsis: result += "Ellipsis".unicodeScalars
        case .list(let values): write("[", values, "]")
        case .tuple(let values): write("(", values, values.count == 1 ? ",)" : ")")
        case .set(let values): values.isEmpty ? result += "set()".unicodeScalars : write("{", values, "}")
        case .dictionary(let members):
            result.append("{")
            for (index, pair) in members.pairs.enumerated() {
                if index > 0 { result += ", ".unicodeScalars }
                pair.key.write(to: &result)
                result += ": ".unicodeScalars
                pair.value.write(to: &result)
            }
            result.append("}")
        }
    }

    private static func repr(_ real: Double, _ imaginary: Double) -> String {
        func part(_ value: Double) -> String {
            let text = PythonFloat.repr(value)
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        let second = part(imaginary) + "j"
        if real == 0 && real.sign == .plus { return second }
        return "(\(part(real))\(second.hasPrefix("-") ? "" : "+")\(second))"
    }

    /// Single quotes unless the text has some and no double ones; unprintable code points as escapes.
    private static func quote(_ text: [Unicode.Scalar], areBytes: Bool = false, to result: inout [Unicode.Scalar]) {
        let quote: Unicode.Scalar = text.contains("'") && !text.contains("\"") ? "\"" : "'"
        func escape(_ letter: Unicode.Scalar, _ value: UInt32, digits: Int) {
            let hex = String(value, radix: 16)
            result += "\\".unicodeScalars
            result.append(letter)
            result += String(repeating: "0", count: max(0, digits - hex.count)).unicodeScalars
            result += hex.unicodeScalars
        }
        result.append(quote)
        for scalar in text {
            switch scalar {
            case "\\", quote:
                result.append("\\")
                result.append(scalar)
            case "\n": result += "\\n".unicodeScalars
            case "\r": result += "\\r".unicodeScalars
            case "\t": result += "\\t".unicodeScalars
            case _ where scalar.value < 0x20 || scalar.value == 0x7F || areBytes && scalar.value > 0x7E:
                escape("x", scalar.value, digits: 2)
            case _ where scalar.value < 0x7F || isPrintable(scalar): result.append(scalar)
            case _ where scalar.value < 0x100: escape("x", scalar.value, digits: 2)
            case _ where scalar.value < 0x10000: escape("u", scalar.value, digits: 4)
            default: escape("U", scalar.value, digits: 8)
            }
        }
        result.append(quote)
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
    }
}
