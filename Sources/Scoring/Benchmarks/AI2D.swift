// The benchmark `ai2d`: questions with options on school diagrams.

enum AI2D {
    static func verdict(_ prediction: CodePoints, _ item: ScoringItem, _ rules: ChoiceRules) throws(ScoringError)
        -> Verdict
    {
        Choice.verdict(prediction, item.options, rules, isHit: try item.textAnswers().map(\.text))
    }
}
