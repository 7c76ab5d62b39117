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
        var means = SIMD4<Double>()
        var resampled = [SIMD4<Double>](repeating: SIMD4(), count: bootstrap.resamples)
        var differences: [Double] = []
        for (number, places) in abilities.enumerated() {
            let scores = columns.prefix(2).map { column in places.map { column[$0].score } }
            let clusters = Clusters(places.map { columns[0][$0].facts })
            let weight = 1 / Double(abilities.count)
            for (lane, scores) in scores.enumerated() {
                means[lane] += weight * scores.reduce(0, +) / Double(places.count)
            }
            // A seed of its own, so that no two abilities are drawn alike.
            let own = PairedBootstrap(seed: bootstrap.seed &+ UInt64(number) &* 7919, resamples: bootstrap.resamples)
            for (index, mean) in own.means(scores, in: clusters).enumerated() { resampled[index] += weight * mean }
            differences += clusters.members.map { members in
                weight / Double(places.count) * members.reduce(0) { $0 + scores[1][$1] - scores[0][$1] }
            }
        }
        let interval = PairedBootstrap.interval(resampled) { $0[1] - $0[0] }
        return Group(
            name: name, items: abilities.reduce(0) { $0 + $1.count }, counts: nil,
            p: PairedPermutation(seed: bootstrap.seed, draws: bootstrap.resamples).twoSidedP(differences),
            test: .permutation,
            score: Difference(
                first: means[0], second: means[1], difference: means[1] - means[0],
                interval: interval ?? Interval(-.infinity, .infinity)),
            divergence: nil)
    }
}
