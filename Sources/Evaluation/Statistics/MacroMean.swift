// The mean of the means of groups, as OCRBench v2 averages its abilities. Knows columns of numbers and what stands together.

/// Each group counts alike, however many items it has, and is resampled by itself.
package struct MacroMean: Sendable {
    /// A mean for each column.
    package let means: SIMD4<Double>
    /// The same of each resample; empty with too few clusters for an interval.
    package let resampled: [SIMD4<Double>]
    /// What each cluster adds to the second column's mean beyond the first's; empty for one column.
    package let differences: [Double]

    /// - Parameters:
    ///   - columns: of one length, one figure an item, up to four.
    ///   - clusters: of each group, over places in the columns; no group is empty.
    package init(_ columns: [[Double]], groups: [Clusters], _ bootstrap: PairedBootstrap) {
        let weight = 1 / Double(max(1, groups.count))
        var means = SIMD4<Double>()
        let isDrawn = groups.reduce(0) { $0 + $1.members.count } >= Clusters.leastForInterval
        var resampled = [SIMD4<Double>](repeating: SIMD4(), count: isDrawn ? bootstrap.resamples : 0)
        var differences: [Double] = []
        for (number, group) in groups.enumerated() {
            let places = group.members.flatMap { $0 }
            let count = Double(places.count)
            let own = columns.map { column in places.map { column[$0] } }
            for (lane, scores) in own.enumerated() { means[lane] += weight * scores.reduce(0, +) / count }
            if isDrawn {
                var next = 0
                let members = group.members.map { members in
                    defer { next += members.count }
                    return Array(next..<next + members.count)
                }
                // A seed of its own, so that no two groups are drawn alike.
                let draw = PairedBootstrap(
                    seed: bootstrap.seed &+ UInt64(number) &* 7919, resamples: bootstrap.resamples)
                for (index, mean) in draw.means(own, in: Clusters(members: members)).enumerated() {
                    resampled[index] += weight * mean
                }
            }
            if columns.count > 1 {
                differences += group.members.map { members in
                    weight / count * members.reduce(0) { $0 + columns[1][$1] - columns[0][$1] }
                }
            }
        }
        (self.means, self.resampled, self.differences) = (means, resampled, differences)
    }

    /// The 95 % interval of a figure of the means.
    package func interval(of figure: (SIMD4<Double>) -> Double) -> Interval? {
        PairedBootstrap.interval(resampled, of: figure)
    }
}
