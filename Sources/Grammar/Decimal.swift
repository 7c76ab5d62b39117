// Exact decimal numbers as digits, for bounds. Knows no automata.

/// A number that JSON can write, exactly.
struct Decimal: Sendable, Hashable {
    let isNegative: Bool
    let magnitude: Magnitude

    static let zero = Decimal(isNegative: false, magnitude: .zero)

    init(isNegative: Bool, magnitude: Magnitude) {
        self.isNegative = isNegative && magnitude != .zero
        self.magnitude = magnitude
    }

    /// The number of a JSON text; nil when it has more than 400 digits on either side of the point.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        var exponent = 0
        if let mark = rest.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            guard let value = Int(String(decoding: rest[(mark + 1)...], as: UTF8.self)), abs(value) <= 100_000 else {
                return nil
            }
            exponent = value
            rest = rest[..<mark]
        }
        var digits: [UInt8] = []
        var point = 0
        for byte in rest {
            if byte == UInt8(ascii: ".") { point = digits.count } else { digits.append(byte &- 0x30) }
        }
        if !rest.contains(UInt8(ascii: ".")) { point = digits.count }
        // Without zeros at the ends, so that an exponent alone does not make many digits.
        let leading = digits.prefix { $0 == 0 }.count
        digits.removeFirst(leading)
        while digits.last == 0 { digits.removeLast() }
        point += exponent - leading
        guard !digits.isEmpty else {
            self = .zero
            return
        }
        guard point <= 400, digits.count - point <= 400 else { return nil }
        let whole =
            point <= 0
            ? [0] : Array(digits.prefix(point)) + [UInt8](repeating: 0, count: max(0, point - digits.count))
        let fraction = [UInt8](repeating: 0, count: max(0, -point)) + digits.dropFirst(max(0, point))
        self.init(isNegative: isNegative, magnitude: Magnitude(whole: whole, fraction: fraction))
    }

    var negated: Decimal { Decimal(isNegative: !isNegative, magnitude: magnitude) }

    var text: String {
        func spelled(_ digits: [UInt8]) -> String { digits.map(String.init).joined() }
        let sign = isNegative ? "-" : ""
        let fraction = magnitude.fraction.isEmpty ? "" : "." + spelled(magnitude.fraction)
        return sign + spelled(magnitude.whole) + fraction
    }

    var isWhole: Bool { magnitude.fraction.isEmpty }

    static func < (left: Decimal, right: Decimal) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? right.magnitude < left.magnitude : left.magnitude < right.magnitude
    }
}

/// A decimal number that is not negative: digits as values 0...9, most significant first.
struct Magnitude: Sendable, Hashable {
    /// At least one digit; no leading zero but that of a lone 0.
    var whole: [UInt8]
    /// No zero at its end.
    var fraction: [UInt8]

    static let zero = Magnitude(whole: [0], fraction: [])

    static func < (left: Magnitude, right: Magnitude) -> Bool {
        if left.whole != right.whole { return precedes(left.whole, right.whole) }
        return left.fraction.lexicographicallyPrecedes(right.fraction)
    }

    /// Whether one whole number is below another.
    static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }

    /// The whole number one above.
    static func successor(_ digits: [UInt8]) -> [UInt8] {
        var result = digits
        for index in result.indices.reversed() {
            if result[index] < 9 {
                result[index] += 1
                return result
            }
            result[index] = 0
        }
        return [1] + result
    }

    /// The whole number one below; nil below 0.
    static func predecessor(_ digits: [UInt8]) -> [UInt8]? {
        guard digits != [0] else { return nil }
        var result = digits
        for index in result.indices.reversed() {
            if result[index] > 0 {
                result[index] -= 1
                break
            }
            result[index] = 9
        }
        if result.count > 1, result[0] == 0 { result.removeFirst() }
        return result
    }
}

/// An end of a range of numbers.
struct NumberBound: Sendable, Hashable {
    var value: Decimal
    var isExclusive: Bool

    /// The narrower of two lower ends.
    static func higher(_ first: NumberBound?, _ second: NumberBound?) -> NumberBound? {
        guard let first, let second else { return first ?? second }
        if first.value == second.value {
            return NumberBound(value: first.value, isExclusive: first.isExclusive || second.isExclusive)
        }
        return first.value < second.value ? second : first
    }

    /// The narrower of two upper ends.
    static func lower(_ first: NumberBound?, _ second: NumberBound?) -> NumberBound? {
        higher(first?.negated, second?.negated)?.negated
    }

    var negated: NumberBound { NumberBound(value: value.negated, isExclusive: isExclusive) }
}
