// The benchmarks `docvqa` and `infovqa`: short answers on pages, scored by ANLS.

enum DocumentQuestions {
    static func verdict(_ prediction: CodePoints, _ item: ScoringItem, _ rules: ANLSRules) throws(ScoringError)
        -> Verdict
    {
        let answers = try item.textAnswers()
        let distances = ANLS.distances(prediction, answers, rules)
        let score = ANLS.score(ofDistances: distances, rules)
        let nearest = distances.indices.min { distances[$0] < distances[$1] }.map { answers[$0].text } ?? ""
        let rule =
            score > 0
            ? "ANLS to the nearest gold '\(nearest)'"
            : "ANLS below the threshold for every gold"
        return Verdict(score, rule: rule)
    }
}
