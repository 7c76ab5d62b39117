// End-to-end text spotting as the Robust Reading Competition scores it: boxes that overlap, with the same text.

package enum TextSpotting {
    package struct Word: Sendable, Equatable {
        package let left: Int
        package let top: Int
        package let right: Int
        package let bottom: Int
        package let text: CodePoints

        package init(left: Int, top: Int, right: Int, bottom: Int, text: CodePoints) {
            (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
            self.text = text
        }

        fileprivate var area: Double { Double(right - left) * Double(bottom - top) }

        fileprivate func intersection(_ other: Word) -> Double {
            let width = min(right, other.right) - max(left, other.left)
            let height = min(bottom, other.bottom) - max(top, other.top)
            return width > 0 && height > 0 ? Double(width) * Double(height) : 0
        }
    }

    private static let ignored: CodePoints = "###"
    private static let marks = Set("!?.:,*\"()·[]/'".unicodeScalars)

    /// Harmonic mean of precision and recall.
    /// - Returns: nil where the public code stops: an empty gold or a line break in a text.
    package static func score(_ detections: [Word], _ golds: [Word]) -> Double? {
        let detections = detections.filter { $0.left < $0.right && $0.top < $0.bottom }
        guard !detections.isEmpty, !golds.isEmpty else { return 0 }
        guard !(detections + golds).contains(where: { $0.text.scalars.contains("\n") }) else { return nil }
        let detected = detections.map { unquoted($0.text) }
        let expected = golds.map { unquoted($0.text) }
        let isCared = expected.map { $0 != ignored }
        let countsDetection = detections.map { detection in
            !golds.indices.contains { gold in
                !isCared[gold] && detection.intersection(golds[gold]) / detection.area > 0.5
            }
        }
        var used = Set<Int>()
        var correct = 0
        for gold in golds.indices where isCared[gold] {
            // The first detection that overlaps enough is used up, whatever its text.
            let match = detections.indices.first { place in
                guard countsDetection[place], !used.contains(place) else { return false }
                let intersection = detections[place].intersection(golds[gold])
                let union = detections[place].area + golds[gold].area - intersection
                return union > 0 && intersection / union > 0.5
            }
            guard let match else { continue }
            used.insert(match)
            guard let isEqual = matches(expected[gold].uppered, detected[match].uppered) else { return nil }
            if isEqual { correct += 1 }
        }
        let (golden, counted) = (isCared.count { $0 }, countsDetection.count { $0 })
        let recall = golden == 0 ? 0 : Double(correct) / Double(golden)
        let precision = counted == 0 ? 0 : Double(correct) / Double(counted)
        return recall + precision == 0 ? 0 : 2 * recall * precision / (recall + precision)
    }

    /// Equality, the gold perhaps without one mark at its start, its end or both; nil for an empty gold.
    private static func matches(_ gold: CodePoints, _ text: CodePoints) -> Bool? {
        if gold == text { return true }
        guard let first = gold.scalars.first, let last = gold.scalars.last else { return nil }
        let (hasFirst, hasLast) = (marks.contains(first), marks.contains(last))
        let inner = gold.scalars.dropFirst()
        return hasFirst && CodePoints(inner) == text || hasLast && CodePoints(gold.scalars.dropLast()) == text
            || hasFirst && hasLast && CodePoints(inner.dropLast()) == text
    }

    /// What stands in double quotes, its escapes resolved; carriage returns never reach the comparison.
    private static func unquoted(_ text: CodePoints) -> CodePoints {
        let text = text.removing("\r")
        let trimmed = text.stripped
        guard trimmed.count >= 2, trimmed.scalars.first == "\"", trimmed.scalars.last == "\"" else { return text }
        return CodePoints(trimmed.scalars.dropFirst().dropLast())
            .replacing("\\\\", with: "\\").replacing("\\\"", with: "\"")
    }

    // MARK: Reading

    /// The boxes and texts of a reply: a Python list of five-tuples, else whatever stands in brackets; nil when there are none.
    package static func detections(in reply: CodePoints) -> [Word]? {
        let items: [[CodePoints]]
        switch try? PythonLiteral.parse(reply) {
        case nil, .some(.none): items = bracketed(reply)
        case let value?:
            items = (value.elements ?? []).compactMap { item in
                item.elements.flatMap { $0.count >= 5 ? $0.prefix(5).map(\.str) : nil }
            }
        }
        var seen: Set<[CodePoints]> = []
        let words = items.compactMap(word).filter { word in
            seen.insert([word.left, word.top, word.right, word.bottom].map { CodePoints("\($0)") } + [word.text])
                .inserted
        }
        return words.isEmpty ? nil : words
    }

    private static func word(_ fields: [CodePoints]) -> Word? {
        let numbers = fields.prefix(4).compactMap { PythonFloat.integer($0) }
        guard numbers.count == 4, fields.count == 5, numbers.allSatisfy({ (0...1000).contains($0) }) else { return nil }
        let text = fields[4].removing("\n").stripped.stripped(of: "\"").stripped(of: "'")
        return Word(left: numbers[0], top: numbers[1], right: numbers[2], bottom: numbers[3], text: text)
    }

    /// Five fields of each innermost pair of brackets, the fifth with its commas.
    private static func bracketed(_ text: CodePoints) -> [[CodePoints]] {
        var items: [[CodePoints]] = []
        var opening: Int?
        for (offset, scalar) in text.scalars.enumerated() {
            switch scalar {
            case "[", "(": opening = offset
            case "]", ")":
                if let start = opening {
                    let fields = text[start + 1..<offset].stripped.split(on: ",", most: 4)
                    if fields.count == 5 { items.append(fields) }
                }
                opening = nil
            default: break
            }
        }
        return items
    }
}
