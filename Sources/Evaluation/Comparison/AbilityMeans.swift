// OCRBench v2's figure under two runs: the mean of the abilities' means of one language. Knows scores and two columns.

extension Comparison {
    /// A group for each language, its figure the mean of its abilities' means, each resampled by itself; empty where items
    /// have no ability.
    static func languages(_ columns: [[ScoredItems.Item]], _ bootstrap: PairedBootstrap) -> [Group] {
        let facts = columns[0].map(\.facts)
        let places = facts.indices.filter { facts[$0].groups["ability"] != nil }
        return Dictionary(grouping: places) { facts[$0].groups["language"] ?? "" }.sorted { $0.key < $1.key }.map {
            language, places in
            let abilities = Dictionary(grouping: places) { facts[$0].groups["ability"] ?? "" }
                .sorted { $0.key < $1.key }.map(\.value)
            return group("\(language), mean of \(abilities.count) abilities", columns, abilities, bootstrap)
        }
    }

    private static func group(
        _ name: String, _ columns: [[ScoredItems.Item]], _ abilities: [[Int]], _ bootstrap: PairedBootstrap
    ) -> Group {
        let scores = columns.prefix(2).map { $0.map(\.score) }
        let facts = columns[0].map(\.facts)
        let mean = MacroMean(scores, groups: abilities.map { Clusters(facts, at: $0) }, bootstrap)
        return Group(
            name: name, items: abilities.reduce(0) { $0 + $1.count }, counts: nil,
            p: PairedPermutation(seed: bootstrap.seed, draws: bootstrap.resamples).twoSidedP(mean.differences),
            test: .permutation,
            score: Difference(
                first: mean.means[0], second: mean.means[1], difference: mean.means[1] - mean.means[0],
                interval: mean.interval { $0[1] - $0[0] }),
            divergence: nil)
    }
}
