// From a question's texts to the parts of a prompt under one protocol's wording. Knows no benchmark.

package import Scoring

/// What a row says, before a protocol words it.
package struct QuestionTexts: Sendable {
    package var question: String
    package var options: [ScoringItem.Option]
    package var hint: String?

    package init(question: String, options: [ScoringItem.Option] = [], hint: String? = nil) {
        self.question = question
        self.options = options
        self.hint = hint
    }
}

extension PromptRules {
    /// - Parameter count: images of the row.
    /// - Returns: the parts, and for each image of the prompt its place among the row's.
    /// - Throws: what is wrong, when the text names an image that the row does not have.
    package func parts(_ texts: QuestionTexts, images count: Int) throws(PromptFault) -> ([PromptPart], [Int]) {
        let bodies = (texts.options.isEmpty ? open ?? self.texts : self.texts).map { filled($0, texts) }
        switch images {
        case .first: return (inFront(of: bodies, count), Array(0..<count))
        case .namedFirst:
            var named: Set<Int> = []
            for body in bodies { named.formUnion(try Self.cut(body, count).images) }
            let places = named.isEmpty ? Array(0..<count) : named.sorted()
            return (inFront(of: bodies, places.count), places)
        case .inText:
            var parts: [PromptPart] = []
            var places: [Int] = []
            for body in bodies {
                let (pieces, images) = try Self.cut(body, count)
                guard !images.isEmpty else {
                    parts += (0..<count).map { .image(places.count + $0) } + [.text(body)]
                    places += 0..<count
                    continue
                }
                for (place, piece) in pieces.enumerated() {
                    if place > 0 {
                        parts.append(.image(places.count))
                        places.append(images[place - 1])
                    }
                    if place == 0 || !piece.isEmpty { parts.append(.text(piece)) }
                }
            }
            return (parts, places)
        }
    }

    private func inFront(of bodies: [String], _ count: Int) -> [PromptPart] {
        (lead.map { [.text($0)] } ?? []) + (0..<count).map { .image($0) } + bodies.map { .text($0) }
    }

    private func filled(_ template: String, _ texts: QuestionTexts) -> String {
        let options = texts.options.map { Self.fill(option, ["letter": $0.letter, "text": $0.text]) }.joined()
        let question = strips ? CodePoints(texts.question).stripped.text : texts.question
        return Self.fill(
            template, ["hint": texts.hint.map { "Hint: \($0)\n" } ?? "", "question": question, "options": options])
    }

    /// Replaces each `{name}` once: what is filled in is not looked at again.
    private static func fill(_ template: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = String(rest[rest.index(after: open)..<close])
            result += rest[..<open]
            result += values[name] ?? String(rest[open...close])
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    /// Text between marks `<image N>` of one digit, and the images they name, from 0.
    private static func cut(_ text: String, _ count: Int) throws(PromptFault) -> (pieces: [String], images: [Int]) {
        let segments = CodePoints(text).split(on: "<image ")
        var pieces = [segments[0].text]
        var images: [Int] = []
        for segment in segments.dropFirst() {
            guard segment.count > 1, segment.scalars[1] == ">",
                let number = Int(String(segment.scalars[0])), (1...9).contains(number)
            else { throw PromptFault(reason: "the text has \"<image \" without a digit and \">\" after it") }
            guard number <= count else {
                throw PromptFault(reason: "the text names image \(number), and there are \(count)")
            }
            images.append(number - 1)
            pieces.append(segment[2...].text)
        }
        return (pieces, images)
    }
}

package struct PromptFault: Error {
    package let reason: String
}
