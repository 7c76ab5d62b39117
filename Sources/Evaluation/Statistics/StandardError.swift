// Standard errors of a mean, of independent samples and of samples in clusters. Knows columns of numbers only.
// No verb prints it: the golden cases of other people's statistics check the bootstrap and its clusters against it.

package enum StandardError {
    /// Sample standard deviation over the root of the count; nil with fewer than two samples.
    package static func ofMean(_ scores: [Double]) -> Double? {
        squared(scores).map { $0.squareRoot() }
    }

    /// With samples of one page, chart or video in one cluster: what they have in common counts once (Miller 2024, equation
    /// 4). With a cluster for each sample it is the plain one.
    /// - Returns: nil with fewer than two samples; 0 where the clusters cancel out.
    package static func ofMean<Cluster: Hashable>(_ scores: [Double], clusters: [Cluster]) -> Double? {
        precondition(scores.count == clusters.count, "a cluster for each score")
        guard let independent = squared(scores) else { return nil }
        let mean = scores.reduce(0, +) / Double(scores.count)
        var sums: [Cluster: (sum: Double, squares: Double)] = [:]
        for (score, cluster) in zip(scores, clusters) {
            let deviation = score - mean
            let (sum, squares) = sums[cluster] ?? (0, 0)
            sums[cluster] = (sum + deviation, squares + deviation * deviation)
        }
        // Products of different members of a cluster.
        let cross = sums.values.reduce(0) { $0 + $1.sum * $1.sum - $1.squares }
        let count = Double(scores.count)
        return max(0, independent + cross / (count * count)).squareRoot()
    }

    private static func squared(_ scores: [Double]) -> Double? {
        guard scores.count > 1 else { return nil }
        let count = Double(scores.count)
        let mean = scores.reduce(0, +) / count
        return scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1) / count
    }
}
