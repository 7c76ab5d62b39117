// Whether a model is shown to be no worse than another by more than a margin. Knows an interval and how
// many observations it rests on.

package struct NonInferiority: Codable, Sendable, Equatable {
    package enum Verdict: String, Codable, Sendable {
        /// The whole interval lies above minus the margin.
        case pass = "PASS"
        /// The whole interval lies below minus the margin.
        case fail = "FAIL"
        /// Minus the margin lies inside the interval, or there are too few pages, charts or videos for one: these items
        /// cannot tell.
        case inconclusive = "INCONCLUSIVE"
    }

    package let margin: Double
    package let verdict: Verdict

    /// - Parameters:
    ///   - interval: of the second's score minus the first's; nil with too few clusters for one.
    ///   - clusters: that the interval is drawn from.
    ///   - isFlipped: whether any item's score differs. Where none does, the interval has no width, and the rule of three
    ///     takes its place: without an event in n observations its rate is below 3 / n in 95 of 100 cases.
    package init(_ interval: Interval?, margin: Double, clusters: Int, isFlipped: Bool) {
        self.margin = margin
        guard let interval, clusters >= Clusters.leastForInterval, isFlipped || Double(clusters) >= 3 / margin else {
            verdict = .inconclusive
            return
        }
        verdict = interval.lower > -margin ? .pass : interval.upper < -margin ? .fail : .inconclusive
    }
}
