// The benchmark `ocrbench`: 1,000 short replies, right when they contain a gold.

package enum OCRBench {
    static let formulas = "Handwritten Mathematical Expression Recognition"
    static let formulaDataset = "HME100k"
    /// The categories that make up Text Recognition.
    package static let recognition = [
        "Regular Text Recognition", "Irregular Text Recognition", "Artistic Text Recognition",
        "Handwriting Recognition",
        "Digit String Recognition", "Non-Semantic Text Recognition",
    ]
    package static let others = [
        "Scene Text-centric VQA", "Doc-oriented VQA", "Key Information Extraction", formulas,
    ]

    static func verdict(_ prediction: CodePoints, _ item: ScoringItem, _ rules: ContainmentRules) throws(ScoringError)
        -> Verdict
    {
        let isFormula =
            switch rules.formulasBy {
            case .category: item.category == formulas
            case .dataset: item.dataset == formulaDataset
            }
        let golds = try item.textAnswers()
        let found = Containment.find(golds, in: prediction, isFormula: isFormula, foldsWidth: rules.foldsWidth)
        guard let found else { return Verdict(0, rule: "contains no gold") }
        return Verdict(1, rule: "contains '\(found)'" + (isFormula ? ", blanks left out" : " in lower case"))
    }
}
