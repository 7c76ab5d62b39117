// What a fidelity run comes to: divergence, cross-entropy, agreement, exact match. Knows outcomes, not how they are shown.

import BenchmarkData

/// How the divergence of all tokens is spread, nats a token.
package struct Spread: Codable, Sendable, Equatable {
    package let mean: Double
    package let p50: Double
    package let p95: Double
    package let p99: Double
    package let max: Double

    /// Nil without values.
    package init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let p50 = Percentile.value(0.5, ofSorted: sorted), let p95 = Percentile.value(0.95, ofSorted: sorted),
            let p99 = Percentile.value(0.99, ofSorted: sorted), let max = sorted.last
        else { return nil }
        mean = sorted.reduce(0, +) / Double(sorted.count)
        (self.p50, self.p95, self.p99, self.max) = (p50, p95, p99, max)
    }
}

/// Figures of a group of items. Means are over tokens, shares of exact answers over items.
package struct FidelityGroup: Codable, Sendable, Equatable {
    package let name: String
    package let items: Int
    package let tokens: Int
    package let divergence: Spread?
    package let referenceCrossEntropy: Double?
    package let crossEntropy: Double?
    package let agreement: Share
    package let referenceExact: Share
    package let exact: Share

    init(_ name: String, _ outcomes: [FidelityOutcome]) {
        func mean(_ lists: [[Double]?]) -> Double? {
            let values = lists.flatMap { $0 ?? [] }
            return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
        let agreements = outcomes.flatMap { $0.agreement ?? [] }
        self.name = name
        items = outcomes.count
        tokens = agreements.count
        divergence = Spread(outcomes.flatMap { $0.divergence ?? [] })
        referenceCrossEntropy = mean(outcomes.map(\.referenceCrossEntropy))
        crossEntropy = mean(outcomes.map(\.crossEntropy))
        agreement = Share(agreements.count { $0 }, of: agreements.count)
        referenceExact = Share(outcomes.count { $0.referenceExact == true }, of: outcomes.count)
        exact = Share(outcomes.count { $0.exact == true }, of: outcomes.count)
    }
}

package struct FidelitySummary: Codable, Sendable {
    package let overall: FidelityGroup
    package let families: [FidelityGroup]
    package let levels: [FidelityGroup]
    /// Items that could not be measured; they are in no figure.
    package let errors: Int
    package let firstError: String?

    /// - Parameter count: items from 0 on that are summed up.
    package init(_ lines: [Int: ResultLine<FidelityOutcome>], count: Int) {
        let lines = lines.values.filter { $0.item.index < count }.sorted { $0.item.index < $1.item.index }
        let measured = lines.filter { $0.outcome.error == nil }
        func groups(_ name: (ItemFacts) -> String) -> [FidelityGroup] {
            Dictionary(grouping: measured) { name($0.item) }
                .map { FidelityGroup($0.key, $0.value.map(\.outcome)) }.sorted { $0.name < $1.name }
        }
        overall = FidelityGroup("all", measured.map(\.outcome))
        families = groups { $0.groups["family"] ?? "-" }
        levels = groups { $0.groups["level"] ?? "-" }
        let failed = lines.compactMap { line in line.outcome.error.map { "item \(line.item.index): \($0)" } }
        errors = failed.count
        firstError = failed.first
    }
}
