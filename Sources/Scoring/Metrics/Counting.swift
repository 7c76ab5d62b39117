// OCRBench v2's counting: the number itself, or one near it.

package enum Counting {
    /// A gold contained in the raw reply.
    package static func exactScore(_ reply: CodePoints, _ golds: [CodePoints]) -> Double {
        golds.contains { reply.contains(normalised($0)) } ? 1 : 0
    }

    /// One minus the relative error of the reply's first number, when more than one half remains.
    /// - Returns: nil when a gold that is needed is no integer.
    package static func regressionScore(_ reply: CodePoints, _ golds: [CodePoints]) -> Double? {
        guard let number = firstNumber(normalised(reply)), number > 0 else { return 0 }
        var best = 0.0
        for gold in golds {
            guard let gold = PythonFloat.integer(normalised(gold)) else { return nil }
            if number >= 2 * Double(gold) { continue }
            let closeness = 1 - abs(number - Double(gold)) / Double(gold)
            if closeness > 0.5 { best = max(best, closeness) }
        }
        return best
    }

    private static func normalised(_ text: CodePoints) -> CodePoints {
        text.lowered.stripped.replacing("\n", with: " " as Unicode.Scalar)
    }

    private static func firstNumber(_ text: CodePoints) -> Double? {
        let digits = text.scalars.drop { $0.pythonDigit == nil }.prefix { $0.pythonDigit != nil }.compactMap(
            \.pythonDigit)
        return digits.isEmpty ? nil : digits.reduce(0) { $0 * 10 + Double($1) }
    }
}
