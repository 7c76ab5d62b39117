// What a scorer says of one reply. Knows no benchmark.

/// A score and how it came about.
package struct Verdict: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// The protocol's rules settled it.
        case scored
        /// The protocol leaves such a reply out of its denominator.
        case leftOut
        /// Rules found no option: a judge decides, or it counts as wrong under rules alone.
        case undecided
        /// The protocol's public code would guess at random; here it counts as wrong.
        case guess
        /// The protocol's public code stops with an error; here it counts as 0.
        case raises(String)
        /// Not scored: data that the rule reads is absent.
        case missingData(String)
    }

    /// 0...1.
    package let score: Double
    package let state: State
    /// The rule that fired, in words.
    package let rule: String
    /// What the rule read out of the reply, where it reads something out.
    package let extracted: String?

    package init(_ score: Double, _ state: State = .scored, rule: String, extracted: String? = nil) {
        self.score = score
        self.state = state
        self.rule = rule
        self.extracted = extracted
    }

    /// Whether the sample enters the means.
    package var isCounted: Bool {
        switch state {
        case .leftOut, .missingData: false
        default: true
        }
    }
}
