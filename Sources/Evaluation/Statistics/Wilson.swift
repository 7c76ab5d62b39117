// The Wilson score interval of a share. Knows counts only.

/// A range that holds the true value in 95 of 100 repetitions.
package struct Interval: Codable, Sendable, Equatable {
    package let lower: Double
    package let upper: Double

    package init(_ lower: Double, _ upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    package func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}

/// A share of successes with its 95 % interval by Wilson (1927), without continuity correction.
package struct Share: Codable, Sendable, Equatable {
    package let successes: Int
    package let count: Int
    /// Nil without trials.
    package let value: Double?
    package let interval: Interval?

    /// The normal distribution's quantile at 0.975.
    private static let quantile = 1.959963984540054

    package init(_ successes: Int, of count: Int) {
        self.successes = successes
        self.count = count
        guard count > 0 else {
            (value, interval) = (nil, nil)
            return
        }
        let (n, share, z2) = (Double(count), Double(successes) / Double(count), Self.quantile * Self.quantile)
        let centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        let half = Self.quantile / (1 + z2 / n) * (share * (1 - share) / n + z2 / (4 * n * n)).squareRoot()
        value = share
        // At the ends of the range the bound is the end itself, which rounding would miss.
        interval = Interval(
            successes == 0 ? 0 : max(0, centre - half), successes == count ? 1 : min(1, centre + half))
    }
}
