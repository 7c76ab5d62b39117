// Verdicts of one benchmark summed up as its protocol does. Knows no text output.

/// A scored sample.
package struct ScoredSample: Sendable {
    package let item: ScoringItem
    package let verdict: Verdict

    package init(_ item: ScoringItem, _ verdict: Verdict) {
        self.item = item
        self.verdict = verdict
    }
}

/// Headline and sub-scores of a benchmark under one protocol.
package struct ScoreReport: Sendable, Equatable {
    /// One figure; nil where nothing is counted.
    package struct Figure: Codable, Sendable, Equatable {
        package let name: String
        package let value: Double?
        package let count: Int
        /// A sum of scores, and not a mean of scores from 0 to 1.
        package let isSum: Bool

        package init(_ name: String, _ value: Double?, count: Int, isSum: Bool = false) {
            self.name = name
            self.value = value
            self.count = count
            self.isSum = isSum
        }
    }

    package struct Section: Codable, Sendable, Equatable {
        package let title: String
        package let figures: [Figure]
    }

    package let headline: [Figure]
    package let sections: [Section]

    package init(_ benchmark: BenchmarkName, _ profile: Profile, _ samples: [ScoredSample]) {
        let counted = samples.filter(\.verdict.isCounted)
        switch benchmark {
        case .ocrbench: self = .points(counted)
        case .ocrbenchV2: self = .suite(counted, profile.rules.ocrbenchV2 ?? .original)
        case .mmmu: self = .accuracy(counted, ["l2-category", "category"], headlineSplit: "validation")
        case .ai2d: self = .accuracy(counted, ["l2-category", "category"], headlineSplit: nil)
        case .chartqa: self = .groups(counted, ["split"])
        case .docvqa, .infovqa: self = .groups(counted, ["split", "category"])
        case .videomme: self = .groups(counted, ["duration", "domain", "sub_category", "task_type"])
        }
    }

    private init(headline: [Figure], sections: [Section]) {
        self.headline = headline
        self.sections = sections
    }

    // MARK: Forms

    /// The mean over all, and one for each value of some columns.
    private static func groups(_ samples: [ScoredSample], _ columns: [String]) -> ScoreReport {
        ScoreReport(
            headline: [.mean("Overall", samples)],
            sections: columns.map { Section(title: $0, figures: figures(samples, by: $0)) }
                .filter { !$0.figures.isEmpty })
    }

    /// VLMEvalKit's table: for each split the mean over all and one for each value of the columns that the data has.
    private static func accuracy(
        _ samples: [ScoredSample], _ columns: [String], headlineSplit: String?
    ) -> ScoreReport {
        let splits = Dictionary(grouping: samples) { $0.item.groups["split"] ?? "none" }
        let sections = splits.keys.sorted(by: inScalarOrder).map { split in
            let members = splits[split] ?? []
            return Section(
                title: "split \(split)",
                figures: [.mean("Overall", members)] + columns.flatMap { figures(members, by: $0) })
        }
        let headline = headlineSplit.flatMap { splits[$0] } ?? samples
        return ScoreReport(headline: [.mean("Overall", headline)], sections: sections)
    }

    /// OCRBench's sums, the six kinds of recognition together and each by itself.
    private static func points(_ samples: [ScoredSample]) -> ScoreReport {
        let categories = Dictionary(grouping: samples, by: \.item.category)
        func sum(_ name: String, _ members: [ScoredSample]) -> Figure {
            Figure(name, members.reduce(0) { $0 + $1.verdict.score }, count: members.count, isSum: true)
        }
        let recognition = OCRBench.recognition.flatMap { categories[$0] ?? [] }
        let others = OCRBench.others.map { sum($0, categories[$0] ?? []) }
        let all = recognition + OCRBench.others.flatMap { categories[$0] ?? [] }
        let total = sum("Final Score", all)
        return ScoreReport(
            headline: [
                total, Figure("Final Score Norm", total.value.map { $0 / 10 }, count: all.count, isSum: true),
            ],
            sections: [
                Section(title: "category", figures: [sum("Text Recognition", recognition)] + others),
                Section(title: "recognition", figures: OCRBench.recognition.map { sum($0, categories[$0] ?? []) }),
            ])
    }

    /// OCRBench v2's two languages: means of the abilities' means, or of all samples where the protocol has it so.
    private static func suite(_ samples: [ScoredSample], _ rules: SuiteRules) -> ScoreReport {
        let byType = Dictionary(grouping: samples, by: \.item.category)
        var headline: [Figure] = []
        var sections: [Section] = []
        for language in OCRBenchV2.Language.allCases {
            let tasks = OCRBenchV2.tasks.filter { $0.language == language }
            let abilities = OCRBenchV2.abilities(language).map { ability in
                Figure.mean(
                    "\(language.rawValue)_\(ability.rawValue)",
                    tasks.filter { $0.ability == ability }.flatMap { byType[$0.type] ?? [] })
            }
            let all = tasks.flatMap { byType[$0.type] ?? [] }
            switch rules {
            case .original:
                let means = abilities.compactMap(\.value)
                headline.append(
                    Figure(
                        "\(language.title) Overall Score",
                        means.isEmpty ? nil : means.reduce(0, +) / Double(means.count), count: all.count))
            case .lmmsEval: headline.append(.mean("\(language.rawValue)_sample_weighted", all))
            }
            sections.append(Section(title: "\(language.title) abilities", figures: abilities))
            sections.append(
                Section(title: "\(language.title) tasks", figures: tasks.map { .mean($0.type, byType[$0.type] ?? []) }))
        }
        if rules == .lmmsEval { headline.append(.mean("sample_weighted", samples)) }
        return ScoreReport(headline: headline, sections: sections)
    }

    private static func figures(_ samples: [ScoredSample], by column: String) -> [Figure] {
        let groups = Dictionary(grouping: samples) {
            (column == "category" ? $0.item.category : $0.item.groups[column]) ?? ""
        }
        return groups.keys.filter { !$0.isEmpty }.sorted(by: inScalarOrder).map { .mean($0, groups[$0] ?? []) }
    }

    private static func inScalarOrder(_ first: String, _ second: String) -> Bool {
        first.unicodeScalars.lexicographicallyPrecedes(second.unicodeScalars)
    }
}

extension ScoreReport.Figure {
    fileprivate static func mean(_ name: String, _ samples: [ScoredSample]) -> Self {
        let sum = samples.reduce(0) { $0 + $1.verdict.score }
        return Self(name, samples.isEmpty ? nil : sum / Double(samples.count), count: samples.count)
    }
}
