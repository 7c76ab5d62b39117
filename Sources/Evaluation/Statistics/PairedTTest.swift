// The paired t-test: is a mean difference chance? Knows two columns of numbers.
// No verb prints it: the golden cases of other people's statistics check the bootstrap and its clusters against it.

/// Second minus first over the same items, under Student's distribution.
package struct PairedTTest: Codable, Sendable, Equatable {
    package let difference: Double
    package let standardError: Double
    /// 95 %.
    package let interval: Interval
    package let t: Double
    /// Two-sided.
    package let p: Double
    package let count: Int

    /// - Returns: nil with fewer than two items.
    package init?(first: [Double], second: [Double]) {
        precondition(first.count == second.count, "the same items under both")
        let differences = zip(first, second).map { $1 - $0 }
        guard let error = StandardError.ofMean(differences) else { return nil }
        count = differences.count
        difference = differences.reduce(0, +) / Double(count)
        standardError = error
        if error == 0 {
            // Every item differs alike: the difference is certain, or there is none.
            t = difference == 0 ? 0 : difference > 0 ? .infinity : -.infinity
            p = difference == 0 ? 1 : 0
        } else {
            t = difference / error
            p = StudentT.twoSidedP(t, degrees: Double(count - 1))
        }
        let half = StudentT.quantile(0.975, degrees: Double(count - 1)) * error
        interval = Interval(difference - half, difference + half)
    }
}
