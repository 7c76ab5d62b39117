// The benchmark `chartqa`: short answers on charts, scored by relaxed accuracy.

enum ChartQuestions {
    static func verdict(_ prediction: CodePoints, _ item: ScoringItem, _ rules: RelaxedRules) throws(ScoringError)
        -> Verdict
    {
        let prediction = prediction.stripped
        let golds = try golds(item, rules)
        guard !golds.isEmpty else { return Verdict(0, .raises("no gold in the cell '[]'"), rule: "no gold") }
        var rule = "neither equal nor within 5 % of a gold"
        for gold in golds {
            let outcome =
                switch rules.toleranceOf {
                case .gold: RelaxedAccuracy.compare(prediction, withTarget: gold)
                case .prediction: RelaxedAccuracy.compare(gold, withTarget: prediction)
                }
            switch outcome {
            case .numbers(isWithin: true):
                let side = rules.toleranceOf == .gold ? "gold" : "prediction"
                return Verdict(1, rule: "within 5 % of the \(side), gold \(gold)")
            case .texts(areEqual: true): return Verdict(1, rule: "equal to '\(gold)' in lower case")
            case .numbers: rule = "number off by more than 5 %"
            case .texts: break
            }
        }
        return Verdict(0, rule: rule)
    }

    /// The gold cell, or the elements of the list it spells where the protocol evaluates it.
    private static func golds(_ item: ScoringItem, _ rules: RelaxedRules) throws(ScoringError) -> [CodePoints] {
        if rules.evaluatesCell, let cell = item.gold.text, case .list(let values)? = try? PythonLiteral.parse(cell) {
            return values.map(\.str)
        }
        if let number = item.gold.numberText { return [number] }
        return try item.textAnswers()
    }
}

extension PythonValue {
    /// The text of a number, for golds that a data file holds without quotes.
    var numberText: CodePoints? {
        switch self {
        case .integer, .float: str
        default: nil
        }
    }
}
