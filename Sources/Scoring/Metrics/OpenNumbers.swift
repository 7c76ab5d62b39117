// The three regular expressions with which MMMU's code finds numbers in a text, matched by hand.

enum OpenNumbers {
    /// With commas between thousands, in scientific notation, and plain ones, in this order.
    static func all(_ text: CodePoints) -> [CodePoints] {
        matches(text, thousands) + matches(text, scientific) + matches(text, plain)
    }

    /// Matches from left to right that do not overlap.
    private static func matches(_ text: CodePoints, _ end: ([Unicode.Scalar], Int) -> Int?) -> [CodePoints] {
        var found: [CodePoints] = []
        var offset = 0
        while offset < text.count {
            let first = text.scalars[offset]
            if first == "-" || first == "." || first.pythonDigit != nil, let end = end(text.scalars, offset) {
                found.append(text[offset..<end])
                offset = end
            } else {
                offset += 1
            }
        }
        return found
    }

    private static func digits(_ text: [Unicode.Scalar], _ start: Int) -> Int {
        var end = start
        while end < text.count, text[end].pythonDigit != nil { end += 1 }
        return end - start
    }

    private static func isBoundary(_ text: [Unicode.Scalar], _ offset: Int) -> Bool {
        let before = offset > 0 && text[offset - 1].isPythonWord
        let after = offset < text.count && text[offset].isPythonWord
        return before != after
    }

    private static func scalar(_ text: [Unicode.Scalar], _ offset: Int) -> Unicode.Scalar? {
        offset < text.count ? text[offset] : nil
    }

    /// `-?\b\d{1,3}(?:,\d{3})+\b`
    private static func thousands(_ text: [Unicode.Scalar], _ start: Int) -> Int? {
        let start = text[start] == "-" ? start + 1 : start
        guard isBoundary(text, start) else { return nil }
        for lead in stride(from: min(3, digits(text, start)), to: 0, by: -1) {
            var ends: [Int] = []
            var offset = start + lead
            while scalar(text, offset) == ",", digits(text, offset + 1) >= 3 {
                offset += 4
                ends.append(offset)
            }
            if let end = ends.last(where: { isBoundary(text, $0) }) { return end }
        }
        return nil
    }

    /// `-?\d+(?:\.\d+)?[eE][+-]?\d+`
    private static func scientific(_ text: [Unicode.Scalar], _ start: Int) -> Int? {
        var offset = text[start] == "-" ? start + 1 : start
        let whole = digits(text, offset)
        guard whole > 0 else { return nil }
        offset += whole
        if scalar(text, offset) == "." {
            let fraction = digits(text, offset + 1)
            guard fraction > 0 else { return nil }
            offset += 1 + fraction
        }
        return exponent(text, offset)
    }

    /// The end of `[eE][+-]?\d+`.
    private static func exponent(_ text: [Unicode.Scalar], _ start: Int) -> Int? {
        guard let mark = scalar(text, start), mark == "e" || mark == "E" else { return nil }
        var offset = start + 1
        if let sign = scalar(text, offset), sign == "+" || sign == "-" { offset += 1 }
        let count = digits(text, offset)
        return count > 0 ? offset + count : nil
    }

    /// `-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])`
    private static func plain(_ text: [Unicode.Scalar], _ start: Int) -> Int? {
        let start = text[start] == "-" ? start + 1 : start
        let whole = digits(text, start)
        var ends: [Int] = []
        if scalar(text, start + whole) == "." {
            let point = start + whole + 1
            ends += stride(from: digits(text, point), to: 0, by: -1).map { point + $0 }
        }
        ends += stride(from: whole, to: 0, by: -1).map { start + $0 }.filter { isBoundary(text, $0) }
        return ends.first { end in
            exponent(text, end) == nil && scalar(text, end) != "," && scalar(text, end)?.pythonDigit == nil
        }
    }
}
