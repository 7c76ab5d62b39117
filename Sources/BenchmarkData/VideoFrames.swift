// Which frames of its videos a protocol looks at. Knows no benchmark and decodes nothing.

package import Imaging
package import Scoring

package struct VideoFrames: Sendable, Equatable {
    /// In words, for the header of a result file.
    package let rule: String
    package let selection: FrameSelection

    /// Frames of each second where `rate` is given, or else `count`, spread as the protocol spreads them.
    package init(count: Int, rate: Double?, profile: Profile) {
        if let rate {
            selection = .rate(rate)
            rule = "\(rate) frames a second"
            return
        }
        switch profile {
        case .vlmevalkit2025, .vlmevalkit:
            selection = .inner(count)
            rule = "\(count) frames, none at the ends"
        case .lmmsEval, .lmmsEval072, .official:
            selection = .spread(count)
            rule = "\(count) frames from the first to the last"
        }
    }
}
