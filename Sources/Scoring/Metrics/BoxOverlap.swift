// Boxes written in a reply, and the overlap of two. Coordinates on a grid of 0 to 1000.

package enum BoxOverlap {
    /// Four numbers of a box: left, top, right, bottom, as they were written.
    package typealias Box = [Double]

    /// The last box written as `(a, b, c, d)` or `[a, b, c, d]` whose numbers lie within the grid.
    package static func last(in text: CodePoints) -> Box? {
        var found: Box?
        var offset = 0
        while offset < text.count {
            if let (box, end) = box(text.scalars, at: offset) {
                if box.allSatisfy({ $0 <= 1000 }) { found = box }
                offset = end
            } else {
                offset += 1
            }
        }
        return found
    }

    private static func box(_ text: [Unicode.Scalar], at start: Int) -> (Box, end: Int)? {
        guard text[start] == "(" || text[start] == "[" else { return nil }
        var offset = start + 1
        func skipSpace() { while offset < text.count, text[offset].isPythonSpace { offset += 1 } }
        var box: Box = []
        for place in 0..<4 {
            skipSpace()
            var number = 0.0
            let first = offset
            while offset < text.count, let digit = text[offset].pythonDigit {
                number = number * 10 + Double(digit)
                offset += 1
            }
            guard offset > first else { return nil }
            box.append(number)
            skipSpace()
            guard offset < text.count else { return nil }
            let isEnd = text[offset] == ")" || text[offset] == "]"
            guard place == 3 ? isEnd : text[offset] == "," else { return nil }
            offset += 1
        }
        return (box, offset)
    }

    /// Intersection over union; corners are taken as they are.
    /// - Returns: nil with fewer than four coordinates, where the public code stops.
    package static func ratio(_ first: Box, _ second: Box) -> Double? {
        guard first.count >= 4, second.count >= 4 else { return nil }
        let width = max(0, min(first[2], second[2]) - max(first[0], second[0]))
        let height = max(0, min(first[3], second[3]) - max(first[1], second[1]))
        let intersection = width * height
        func area(_ box: Box) -> Double { (box[2] - box[0]) * (box[3] - box[1]) }
        let union = area(first) + area(second) - intersection
        let ratio = union == 0 ? 0 : intersection / union
        // Corners far off the grid multiply to more than a double holds.
        return ratio.isFinite ? ratio : 0
    }

    /// `[int(c) for c in value]`; nil where Python raises, and for numbers beyond the range of a double.
    package static func coordinates(_ value: PythonValue) -> Box? {
        let elements: [PythonValue]
        switch value {
        case .list(let values), .tuple(let values), .set(let values): elements = values
        case .text(let text): elements = text.scalars.map { .text(CodePoints([$0])) }
        case .dictionary(let members): elements = members.pairs.map(\.key)
        case .bytes(let bytes): elements = bytes.map { .integer(String($0)) }
        default: return nil
        }
        let numbers = elements.compactMap(coordinate)
        return numbers.count == elements.count ? numbers : nil
    }

    private static func coordinate(_ value: PythonValue) -> Double? {
        switch value {
        case .bool(let value): value ? 1 : 0
        case .integer(let digits): Double(digits).flatMap { $0.isFinite ? $0 : nil }
        case .float(let value): value.isFinite ? value.rounded(.towardZero) : nil
        case .text(let text): PythonFloat.integer(text).map { Double($0) }
        default: nil
        }
    }
}
