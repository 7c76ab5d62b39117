// Python's `float(text)`, `repr(float)`, `round(x, 2)` and `int(text)`. Knows no other syntax of numbers.

import Foundation

package enum PythonFloat {
    /// `float(text)`; nil where Python raises.
    package static func parse(_ text: CodePoints) -> Double? {
        let text = text.stripped
        guard mayBegin(text) else { return nil }
        var ascii: [UInt8] = []
        ascii.reserveCapacity(text.count)
        // Low lines stand between two digits only; digits of any script count.
        var previousIsDigit = false
        for (index, scalar) in text.scalars.enumerated() {
            if scalar == "_" {
                guard previousIsDigit, index + 1 < text.count, text.scalars[index + 1].pythonDigit != nil else {
                    return nil
                }
                previousIsDigit = false
                continue
            }
            if let digit = scalar.pythonDigit {
                ascii.append(0x30 + UInt8(digit))
                previousIsDigit = true
            } else {
                guard scalar.value < 0x80 else { return nil }
                ascii.append(UInt8(scalar.value))
                previousIsDigit = false
            }
        }
        return parse(ascii)
    }

    /// Whether a number can begin as the text does: most texts are none.
    private static func mayBegin(_ text: CodePoints) -> Bool {
        guard let first = text.scalars.first else { return false }
        switch first {
        case "+", "-", ".", "i", "I", "n", "N": return true
        default: return first.pythonDigit != nil
        }
    }

    private static func parse(_ ascii: [UInt8]) -> Double? {
        var offset = 0
        func current() -> UInt8? { offset < ascii.count ? ascii[offset] : nil }
        func digits() -> Int {
            let start = offset
            while let byte = current(), (0x30...0x39).contains(byte) { offset += 1 }
            return offset - start
        }
        var sign = 1.0
        if let byte = current(), byte == 0x2B || byte == 0x2D {
            if byte == 0x2D { sign = -1 }
            offset += 1
        }
        if let byte = current(), byte | 0x20 == 0x69 || byte | 0x20 == 0x6E {
            let rest = String(decoding: ascii[offset...], as: UTF8.self).lowercased()
            if rest == "inf" || rest == "infinity" { return sign * .infinity }
            if rest == "nan" { return .nan }
        }
        var count = digits()
        if current() == 0x2E {
            offset += 1
            count += digits()
        }
        guard count > 0 else { return nil }
        if let byte = current(), byte | 0x20 == 0x65 {
            offset += 1
            if let byte = current(), byte == 0x2B || byte == 0x2D { offset += 1 }
            guard digits() > 0 else { return nil }
        }
        guard offset == ascii.count else { return nil }
        // `strtod` reads what is left of the grammar, and alone gives infinity for what is too large.
        return strtod(String(decoding: ascii, as: UTF8.self), nil)
    }

    /// `int(text)` for values that fit; nil where Python raises or the value does not fit.
    package static func integer(_ text: CodePoints) -> Int? {
        var value = 0
        var (isNegative, hasDigit, previousIsDigit) = (false, false, false)
        for (index, scalar) in text.stripped.scalars.enumerated() {
            if index == 0, scalar == "+" || scalar == "-" {
                isNegative = scalar == "-"
            } else if scalar == "_", previousIsDigit {
                previousIsDigit = false
                continue
            } else if let digit = scalar.pythonDigit {
                let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
                let (sum, isOver) = product.addingReportingOverflow(digit)
                guard !isTooLarge, !isOver else { return nil }
                (value, hasDigit, previousIsDigit) = (sum, true, true)
                continue
            } else {
                return nil
            }
        }
        guard hasDigit, previousIsDigit else { return nil }
        return isNegative ? -value : value
    }

    /// `round(x, 2)`: to the nearest of two decimals of the exact binary value, ties to even.
    package static func roundedToHundredths(_ value: Double) -> Double {
        guard value.isFinite else { return value }
        // From here on a double has no second decimal, and a whole number never has one.
        if abs(value) > 1e15 || value == value.rounded(.towardZero) { return value }
        return strtod(String(format: "%.2f", value), nil)
    }

    /// `repr(value)`: the shortest digits that read back, with an exponent from 1e16 up and below 1e-4.
    package static func repr(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
        if abs(value) < 1e15, value == value.rounded(.towardZero) { return "\(Int(value)).0" }
        let (digits, exponent) = shortest(abs(value))
        let sign = value < 0 ? "-" : ""
        // The value is 0.digits times ten to the power of `point`.
        let point = exponent + 1
        if point > 16 || point < -3 {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let power = abs(exponent)
            return sign + "\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(power < 10 ? "0" : "")\(power)"
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if digits.count <= point { return sign + digits + String(repeating: "0", count: point - digits.count) + ".0" }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }

    /// Shortest digits of a positive value and the power of ten of the first.
    private static func shortest(_ value: Double) -> (digits: String, exponent: Int) {
        let parts = value.description.lowercased().split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var digits = mantissa.joined()
        var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + mantissa[0].count - 1
        while digits.hasPrefix("0"), digits.count > 1 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
        return (digits, exponent)
    }
}
