// Items and their scores from either kind of result file. Knows both kinds, not what their difference means.

package import BenchmarkData

/// The scored items of one result file.
package struct ScoredItems: Sendable {
    package struct Item: Sendable {
        package let facts: ItemFacts
        /// 0...1.
        package let score: Double
        /// Mean over the answer's tokens, nats; nil in a file of answers.
        package let divergence: Double?
        package let reply: String?

        package var isBinary: Bool { score == 0 || score == 1 }
    }

    package let path: String
    package let kind: String
    package let settings: ItemSettings
    /// What a divergence is measured against; nil in a file of answers.
    package let reference: String?
    package let label: String
    /// Who decided replies that the rules could not read; nil where rules alone did.
    package let judge: String?
    package let items: [Int: Item]
    /// Items with an error, which have no score.
    package let errors: Int
    package let isCut: Bool

    package init(reading path: String) throws(EvaluationError) {
        if try ResultText(path).kind() == FidelityHeader.kind {
            let results = try Results<FidelityHeader, FidelityOutcome>(reading: path)
            let header = results.header
            self.init(
                path: path, kind: header.kind, settings: header.items,
                reference: "\(header.reference.name) \(header.reference.fingerprint) in \(header.referencePrecision)",
                label: "\(header.model.name), \(header.precision)", isCut: results.isCut, results.lines
            ) { facts, outcome in
                guard let exact = outcome.exact, let tokens = outcome.divergence, !tokens.isEmpty else { return nil }
                return Item(
                    facts: facts, score: exact ? 1 : 0, divergence: tokens.reduce(0, +) / Double(tokens.count),
                    reply: nil)
            }
        } else {
            self.init(try Results<RunHeader, AnswerOutcome>(reading: path))
        }
    }

    package init(_ results: Results<RunHeader, AnswerOutcome>) {
        let header = results.header
        self.init(
            path: results.path, kind: header.kind, settings: header.items, reference: nil,
            label: "\(header.model.name), \(header.precision)", judge: header.judge, isCut: results.isCut, results.lines
        ) { facts, outcome in
            guard let verdict = outcome.verdict, verdict.counts else { return nil }
            return Item(
                facts: facts, score: verdict.score, divergence: nil, reply: outcome.reply)
        }
    }

    private init<Outcome: ResultOutcome>(
        path: String, kind: String, settings: ItemSettings, reference: String?, label: String, judge: String? = nil,
        isCut: Bool,
        _ lines: [Int: ResultLine<Outcome>], item: (ItemFacts, Outcome) -> Item?
    ) {
        self.path = path
        self.kind = kind
        self.settings = settings
        self.reference = reference
        self.label = label
        self.judge = judge
        self.isCut = isCut
        items = lines.compactMapValues { item($0.item, $0.outcome) }
        errors = lines.values.count { $0.outcome.failed }
    }

    /// Throws `notComparable` unless the other file is of the same kind, about the same items and the same reference.
    func check(comparableWith other: ScoredItems) throws(EvaluationError) {
        if kind != other.kind { throw .notComparable(field: "the kind", first: kind, second: other.kind) }
        if let difference = try ResultText.difference(settings, other.settings) {
            throw .notComparable(
                field: "items." + difference.field, first: difference.first, second: difference.second)
        }
        if judge != other.judge {
            throw .notComparable(field: "the judge", first: judge ?? "none", second: other.judge ?? "none")
        }
        if let first = reference, let second = other.reference, first != second {
            throw .notComparable(field: "the reference", first: first, second: second)
        }
    }
}
