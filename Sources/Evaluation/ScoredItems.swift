// Items and their scores from either kind of result file. Knows both kinds, not what their difference means.

/// The scored items of one result file.
package struct ScoredItems: Sendable {
    package struct Item: Sendable {
        package let family: String
        package let isExact: Bool
        /// Mean over the answer's tokens, nats; nil in a file of answers.
        package let divergence: Double?
    }

    package let path: String
    package let kind: String
    package let settings: SyntheticDocuments.Settings
    /// What a divergence is measured against; nil in a file of answers.
    package let reference: String?
    package let label: String
    package let items: [Int: Item]
    /// Items with an error, which have no score.
    package let errors: Int
    package let isCut: Bool

    private typealias Answers = Results<RunHeader<SyntheticDocuments.Settings>, AnswerOutcome>
    private typealias Fidelity = Results<FidelityHeader<SyntheticDocuments.Settings>, FidelityOutcome>

    package init(reading path: String) throws(EvaluationError) {
        if try ResultText(path).kind() == FidelityHeader<SyntheticDocuments.Settings>.kind {
            let results = try Fidelity(reading: path)
            let header = results.header
            self.init(
                path: path, kind: header.kind, settings: header.items,
                reference: "\(header.reference.name) \(header.reference.fingerprint) in \(header.referencePrecision)",
                label: "\(header.model.name), \(header.precision)", isCut: results.isCut,
                lines: results.lines.mapValues { line in
                    guard let exact = line.outcome.exact, let tokens = line.outcome.divergence, !tokens.isEmpty else {
                        return nil
                    }
                    return Item(
                        family: line.item.family, isExact: exact,
                        divergence: tokens.reduce(0, +) / Double(tokens.count))
                })
        } else {
            let results = try Answers(reading: path)
            let header = results.header
            self.init(
                path: path, kind: header.kind, settings: header.items, reference: nil,
                label: "\(header.model.name), \(header.precision)", isCut: results.isCut,
                lines: results.lines.mapValues { line in
                    line.outcome.correct.map { Item(family: line.item.family, isExact: $0, divergence: nil) }
                })
        }
    }

    private init(
        path: String, kind: String, settings: SyntheticDocuments.Settings, reference: String?, label: String,
        isCut: Bool, lines: [Int: Item?]
    ) {
        self.path = path
        self.kind = kind
        self.settings = settings
        self.reference = reference
        self.label = label
        self.isCut = isCut
        items = lines.compactMapValues { $0 }
        errors = lines.count - items.count
    }

    /// Throws `notComparable` unless the other file is of the same kind, about the same items and the same reference.
    func check(comparableWith other: ScoredItems) throws(EvaluationError) {
        if kind != other.kind { throw .notComparable(field: "the kind", first: kind, second: other.kind) }
        if let difference = try ResultText.difference(settings, other.settings) {
            throw .notComparable(
                field: "items." + difference.field, first: difference.first, second: difference.second)
        }
        if let first = reference, let second = other.reference, first != second {
            throw .notComparable(field: "the reference", first: first, second: second)
        }
    }
}
