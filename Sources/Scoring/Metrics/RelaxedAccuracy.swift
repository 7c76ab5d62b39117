// Relaxed accuracy of ChartQA (Methani et al. 2020): five per cent for numbers, equality for the rest.

package enum RelaxedAccuracy {
    package static let tolerance = 0.05

    /// How two texts came to be equal or not.
    package enum Outcome: Sendable, Equatable {
        case numbers(isWithin: Bool)
        case texts(areEqual: Bool)

        package var isCorrect: Bool {
            switch self {
            case .numbers(let isWithin): isWithin
            case .texts(let areEqual): areEqual
            }
        }
    }

    /// - Parameter target: what the five per cent are of; numbers count only when it is one and not 0.
    package static func compare(_ candidate: CodePoints, withTarget target: CodePoints) -> Outcome {
        if let value = number(candidate), let reference = number(target), reference != 0 {
            return .numbers(isWithin: abs(value - reference) / abs(reference) <= tolerance)
        }
        return .texts(areEqual: candidate.lowered == target.lowered)
    }

    /// `12%` is 0.12; commas, units and currency make no number.
    package static func number(_ text: CodePoints) -> Double? {
        guard text.scalars.last == "%" else { return PythonFloat.parse(text) }
        return PythonFloat.parse(text.strippedAtEnd(of: "%")).map { $0 / 100 }
    }
}
