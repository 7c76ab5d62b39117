// What a run comes to: shares of correct answers, overall and by group. Knows outcomes, not how they are shown.

/// Exact match of one group of items.
package struct GroupShare: Codable, Sendable, Equatable {
    package let name: String
    package let exact: Share
}

package struct AnswerSummary: Codable, Sendable {
    package let exact: Share
    package let families: [GroupShare]
    package let levels: [GroupShare]
    package let fonts: [GroupShare]
    /// Items that could not be asked; they are in no share.
    package let errors: Int
    /// The first error in order of items.
    package let firstError: String?
    /// Replies that reached the limit of tokens.
    package let cutReplies: Int
    package let seconds: Double

    /// - Parameter count: items from 0 on that are summed up.
    package init(_ lines: [Int: ResultLine<AnswerOutcome>], count: Int) {
        let lines = lines.values.filter { $0.item.index < count }.sorted { $0.item.index < $1.item.index }
        let scored = lines.compactMap { line in line.outcome.correct.map { (item: line.item, correct: $0) } }
        exact = Share(scored.count { $0.correct }, of: scored.count)
        families = Self.groups(scored, by: \.family)
        levels = Self.groups(scored) { "\($0.level)" }
        fonts = Self.groups(scored, by: \.font)
        let failed = lines.compactMap { line in line.outcome.error.map { "item \(line.item.index): \($0)" } }
        errors = failed.count
        firstError = failed.first
        cutReplies = lines.count { $0.outcome.finishReason == "length" }
        seconds = lines.reduce(0) { $0 + $1.outcome.seconds }
    }

    /// Shares by name of group, in order of name.
    static func groups(
        _ scored: [(item: ItemFacts, correct: Bool)], by name: (ItemFacts) -> String
    ) -> [GroupShare] {
        Dictionary(grouping: scored) { name($0.item) }
            .map { GroupShare(name: $0.key, exact: Share($0.value.count { $0.correct }, of: $0.value.count)) }
            .sorted { $0.name < $1.name }
    }
}
