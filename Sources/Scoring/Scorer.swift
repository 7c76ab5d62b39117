// From a reply and a question to a verdict, under one protocol. Knows no model, no image and no file of a run.

/// The scorer of one benchmark under one protocol.
package struct Scorer: Sendable {
    package let benchmark: BenchmarkName
    package let profile: Profile
    private let rules: ProtocolRules
    /// What long texts are scored with.
    private let language: LanguageData

    /// - Throws: `noScorer` when the protocol has none for the benchmark.
    package init(_ benchmark: BenchmarkName, profile: Profile, language: LanguageData = .none) throws(ScoringError) {
        let rules = profile.rules
        guard rules.scores(benchmark) else {
            throw .noScorer(
                benchmark: benchmark.title, profile: profile.rawValue,
                has: Profile.allCases.filter { $0.rules.scores(benchmark) }.map(\.rawValue))
        }
        self.benchmark = benchmark
        self.profile = profile
        self.rules = rules
        self.language = language
    }

    /// Scores a reply by rules alone. A request that failed has no reply: it is a state of the run and never comes here.
    /// - Throws: `item` when the gold is not of the form that the benchmark has.
    package func score(_ prediction: String, for item: ScoringItem) throws(ScoringError) -> Verdict {
        let reply = rules.stripsReply ? CodePoints(prediction).stripped : CodePoints(prediction)
        guard let verdict = try verdict(reply, item) else {
            throw .noScorer(benchmark: benchmark.title, profile: profile.rawValue, has: [])
        }
        return verdict
    }

    private func verdict(_ prediction: CodePoints, _ item: ScoringItem) throws(ScoringError) -> Verdict? {
        switch benchmark {
        case .docvqa, .infovqa:
            try rules.anls.map { rules throws(ScoringError) in
                try DocumentQuestions.verdict(prediction, item, rules)
            }
        case .chartqa:
            try rules.chartqa.map { rules throws(ScoringError) in try ChartQuestions.verdict(prediction, item, rules) }
        case .ocrbench:
            try rules.ocrbench.map { rules throws(ScoringError) in try OCRBench.verdict(prediction, item, rules) }
        case .ai2d: try rules.ai2d.map { rules throws(ScoringError) in try AI2D.verdict(prediction, item, rules) }
        case .mmmu: try MMMU.verdict(prediction, item, rules)
        case .videomme:
            try rules.videomme.map { rules throws(ScoringError) in try VideoMME.verdict(prediction, item, rules) }
        case .ocrbenchV2:
            try rules.ocrbenchV2.map { rules throws(ScoringError) in
                try OCRBenchV2.verdict(prediction, .init(item: item, rules: rules, language: language))
            }
        }
    }
}
