// Whether a model is shown to be no worse than another by more than a margin. Knows an interval only.

package struct NonInferiority: Codable, Sendable, Equatable {
    package enum Verdict: String, Codable, Sendable {
        /// The whole interval lies above minus the margin.
        case pass = "PASS"
        /// The whole interval lies below minus the margin.
        case fail = "FAIL"
        /// Minus the margin lies inside the interval: these items cannot tell.
        case inconclusive = "INCONCLUSIVE"
    }

    package let margin: Double
    package let verdict: Verdict

    /// - Parameter interval: of the second's score minus the first's.
    package init(_ interval: Interval, margin: Double) {
        self.margin = margin
        verdict = interval.lower > -margin ? .pass : interval.upper < -margin ? .fail : .inconclusive
    }
}
