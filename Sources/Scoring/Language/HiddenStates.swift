// The hidden Markov model of jieba: each character begins, continues or ends a word, or is one. Knows its tables' form.

import Foundation

struct HiddenStates: Sendable {
    /// Begin, middle, end, single, in the order of their letters, which decides between equal probabilities.
    private static let letters: [CodePoints] = ["B", "E", "M", "S"]
    /// From which states each can be reached, in the public code's order.
    private static let before = [[1, 3], [0, 2], [2, 0], [3, 1]]
    private static let least = -3.14e100

    private let start: [Double]
    private let transition: [[Double]]
    private let emission: [[Unicode.Scalar: Double]]

    /// - Parameter folder: with `prob_start.py`, `prob_trans.py` and `prob_emit.py`, each one dictionary named P.
    init(folder: String) throws(ScoringError) {
        func table(_ name: String) throws(ScoringError) -> PythonDictionary {
            let path = folder + "/" + name + ".py"
            let text: String
            do {
                text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
            } catch {
                throw .unreadable(path: path, reason: error.localizedDescription)
            }
            let code = CodePoints(text)
            guard let mark = code.firstOffset(of: "P={").map({ $0 + 2 }) ?? code.firstOffset(of: "{"),
                let value = try? PythonLiteral.parse(code[mark...]), let table = value.dictionary
            else { throw .unreadable(path: path, reason: "expected 'P=' and a dictionary") }
            return table
        }
        func number(_ value: PythonValue?) -> Double {
            switch value {
            case .float(let number)?: number
            case .integer(let digits)?: Double(digits) ?? Self.least
            default: Self.least
            }
        }
        let starts = try table("prob_start")
        let transitions = try table("prob_trans")
        let emissions = try table("prob_emit")
        start = Self.letters.map { number(starts[$0]) }
        transition = Self.letters.map { from in
            Self.letters.map { number(transitions[from]?.dictionary?[$0]) }
        }
        emission = Self.letters.map { state in
            var table: [Unicode.Scalar: Double] = [:]
            for (key, value) in emissions[state]?.dictionary?.pairs ?? [] {
                if let scalar = key.text?.scalars.first { table[scalar] = number(value) }
            }
            return table
        }
    }

    /// The words of the most likely states (Viterbi).
    func words(of text: [Unicode.Scalar]) -> [CodePoints] {
        guard let first = text.first else { return [] }
        func emitted(_ scalar: Unicode.Scalar, by state: Int) -> Double { emission[state][scalar] ?? Self.least }
        var scores = start.indices.map { start[$0] + emitted(first, by: $0) }
        var origins: [[Int]] = []
        for scalar in text.dropFirst() {
            let steps = scores.indices.map { state in
                let emission = emitted(scalar, by: state)
                return Self.before[state].map { (scores[$0] + transition[$0][state] + emission, $0) }.max(by: <)
                    ?? (Self.least, state)
            }
            scores = steps.map(\.0)
            origins.append(steps.map(\.1))
        }
        // A text ends with the end of a word or with a single.
        var state = scores[3] >= scores[1] ? 3 : 1
        var states = [state]
        for origin in origins.reversed() {
            state = origin[state]
            states.append(state)
        }
        states.reverse()
        var words: [CodePoints] = []
        var (begin, next) = (0, 0)
        for (place, state) in states.enumerated() {
            switch state {
            case 0: begin = place
            case 1:
                words.append(CodePoints(text[begin...place]))
                next = place + 1
            case 3:
                words.append(CodePoints([text[place]]))
                next = place + 1
            default: break
            }
        }
        if next < text.count { words.append(CodePoints(text[next...])) }
        return words
    }
}
