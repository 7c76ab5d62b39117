// Which frames of a video are looked at. Arithmetic of indices: knows no video and no decoder.

/// A rule that picks frames by their number, in the same IEEE double operations as the code whose figures it reproduces.
package enum FrameSelection: Sendable, Equatable {
    /// So many frames from the first to the last at equal distances, both included: `linspace(0, n - 1, count)` cut to whole
    /// numbers. The rule the model was evaluated with, lmms-eval's, and that of Video-MME's own authors.
    case spread(Int)
    /// As `.spread`, but of a video with fewer frames each of them once.
    case upTo(Int)
    /// So many frames at equal distances that leave a distance before the first and after the last: VLMEvalKit's `nframe`.
    case inner(Int)
    /// So many frames of each second, from the first on: VLMEvalKit's `fps`.
    case rate(Double)

    /// The frames of a video that has `frames` of them, in order; of a video with fewer than are asked for some come
    /// several times, unless `.upTo` asks. Empty for a video without frames, and for a rule that asks for none.
    ///
    /// - Parameter rate: frames in a second of the video; only `.rate` looks at it.
    package func indices(frames: Int, rate: Double) -> [Int] {
        guard frames > 0 else { return [] }
        switch self {
        case .spread(let count):
            guard count > 1 else { return count == 1 ? [0] : [] }
            let step = Double(frames - 1) / Double(count - 1)
            return (0..<count - 1).map { Int(Double($0) * step) } + [frames - 1]
        case .upTo(let count): return FrameSelection.spread(min(count, frames)).indices(frames: frames, rate: rate)
        case .inner(let count):
            guard count > 0 else { return [] }
            let step = Double(frames) / Double(count + 1)
            return (1...count).map { min(Int(Double($0) * step), frames - 1) }
        case .rate(let wanted):
            guard wanted > 0, rate > 0, wanted.isFinite, rate.isFinite else { return [] }
            let count = min(Double(frames) / rate * wanted, 1e6)
            let step = rate / wanted
            return (0..<Int(count)).map { Int(min(Double($0) * step, Double(frames - 1))) }
        }
    }
}
