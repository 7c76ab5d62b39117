// From a row of logits to a token. Knows nothing of text, stops or other sequences.

import Foundation
package import Grammar
import Numerics

/// Chooses one sequence's tokens. A value: the same parameters, logits and place in the answer give the same token, in any
/// batch, after any interruption, whether the row was computed as a guess or not.
package struct Sampler: Sendable {
    let parameters: SamplingParameters
    private let prompt: Set<Int32>
    /// How often each token stands in the answer; kept when a penalty asks for it.
    private var counts: [Int32: Int] = [:]
    /// Tokens chosen so far.
    private var place: UInt64 = 0

    /// - Parameter prompt: ids the repetition penalty counts as already used.
    package init(_ parameters: SamplingParameters, prompt: [Int32]) {
        self.parameters = parameters
        self.prompt = parameters.repetitionPenalty == 1 ? [] : Set(prompt)
    }

    /// The next token; nil when a logit is NaN or infinite, or when nothing may be chosen.
    /// - Parameters:
    ///   - allowed: the tokens to choose from; nil allows all.
    ///   - banned: tokens not to choose.
    package mutating func next(
        _ logits: UnsafeBufferPointer<Float>, allowed: TokenMask? = nil, banned: Set<Int32> = []
    ) -> Int32? {
        guard Self.areSound(logits) else { return nil }
        let token: Int32?
        if isPlain && allowed == nil && banned.isEmpty {
            token = choose(logits)
        } else {
            var adjusted = Array(logits)
            adjust(&adjusted, allowed, banned)
            token = adjusted.withUnsafeBufferPointer(choose)
        }
        guard let token else { return nil }
        place += 1
        if countsTokens { counts[token, default: 0] += 1 }
        return token
    }

    /// Whether the largest logit alone decides.
    package var isGreedy: Bool { parameters.temperature == 0 && isPlain }

    /// Whether no logit is NaN or +infinity and one is finite.
    package static func areSound(_ logits: UnsafeBufferPointer<Float>) -> Bool {
        var largest = -Float.infinity
        for logit in logits {
            if logit.isNaN { return false }
            if logit > largest { largest = logit }
        }
        return largest.isFinite
    }

    // MARK: - Adjusting

    private var countsTokens: Bool {
        parameters.repetitionPenalty != 1 || parameters.frequencyPenalty != 0 || parameters.presencePenalty != 0
    }
    private var isPlain: Bool { !countsTokens && parameters.logitBias.isEmpty }

    /// In vLLM's order: bias, repetition, frequency, presence. What is not allowed becomes -infinity.
    private func adjust(_ logits: inout [Float], _ allowed: TokenMask?, _ banned: Set<Int32>) {
        for (id, bias) in parameters.logitBias where logits.indices.contains(Int(id)) { logits[Int(id)] += bias }
        if parameters.repetitionPenalty != 1 {
            let penalty = parameters.repetitionPenalty
            for id in prompt.union(counts.keys) where logits.indices.contains(Int(id)) {
                // As in CTRL (1909.05858).
                logits[Int(id)] = logits[Int(id)] > 0 ? logits[Int(id)] / penalty : logits[Int(id)] * penalty
            }
        }
        for (id, count) in counts where logits.indices.contains(Int(id)) {
            logits[Int(id)] -= parameters.frequencyPenalty * Float(count)
            logits[Int(id)] -= parameters.presencePenalty
        }
        for id in banned where logits.indices.contains(Int(id)) { logits[Int(id)] = -.infinity }
        guard let allowed else { return }
        for id in logits.indices where !allowed.contains(Int32(truncatingIfNeeded: id)) { logits[id] = -.infinity }
    }

    // MARK: - Choosing

    private func choose(_ logits: UnsafeBufferPointer<Float>) -> Int32? {
        parameters.temperature == 0 ? greedy(logits) : sampled(logits)
    }

    /// The largest logit's id; of equal ones the lowest.
    private func greedy(_ logits: UnsafeBufferPointer<Float>) -> Int32? {
        var best = -1
        var largest = -Float.infinity
        for id in logits.indices where logits[id] > largest { (best, largest) = (id, logits[id]) }
        return best < 0 ? nil : Int32(best)
    }

    /// A token and its probability relative to the most likely one's.
    private struct Candidate {
        let id: Int32
        let weight: Double

        /// Whether it stands before `other`: likelier, or of equals the lower id.
        func precedes(_ other: Candidate) -> Bool {
            weight > other.weight || (weight == other.weight && id < other.id)
        }
    }

    private func sampled(_ logits: UnsafeBufferPointer<Float>) -> Int32? {
        let largest = logits.max() ?? -.infinity
        guard largest.isFinite else { return nil }
        let temperature = Double(parameters.temperature)
        var candidates: [Candidate] = []
        candidates.reserveCapacity(logits.count)
        for id in logits.indices {
            let weight = exp((Double(logits[id]) - Double(largest)) / temperature)
            if weight > 0, weight >= Double(parameters.minP) {
                candidates.append(Candidate(id: Int32(truncatingIfNeeded: id), weight: weight))
            }
        }
        if parameters.topK > 0 { Self.keepLikeliest(parameters.topK, of: &candidates) }
        if parameters.topP < 1 { Self.keepNucleus(Double(parameters.topP), of: &candidates) }
        let total = candidates.reduce(0) { $0 + $1.weight }
        var point = SplitMix64.unit(seed: parameters.seed, place: place) * total
        for candidate in candidates {
            point -= candidate.weight
            if point < 0 { return candidate.id }
        }
        return candidates.last?.id
    }

    /// Keeps the `count` likeliest candidates, in no order, by Hoare's selection.
    private static func keepLikeliest(_ count: Int, of candidates: inout [Candidate]) {
        guard count < candidates.count else { return }
        var (low, high) = (0, candidates.count - 1)
        while low < high {
            let pivot = candidates[low + (high - low) / 2]
            var (left, right) = (low, high)
            while left <= right {
                while candidates[left].precedes(pivot) { left += 1 }
                while pivot.precedes(candidates[right]) { right -= 1 }
                if left <= right {
                    candidates.swapAt(left, right)
                    left += 1
                    right -= 1
                }
            }
            if count - 1 <= right { high = right } else if count - 1 >= left { low = left } else { break }
        }
        candidates.removeLast(candidates.count - count)
    }

    /// Keeps the likeliest candidates that together reach the share `topP`, the likeliest first.
    private static func keepNucleus(_ topP: Double, of candidates: inout [Candidate]) {
        let total = candidates.reduce(0) { $0 + $1.weight }
        // Those below this weight together have less than 1 - topP: none of them is needed, and few remain to be sorted.
        let least = (1 - topP) * total / Double(candidates.count)
        candidates.removeAll { $0.weight < least }
        candidates.sort { $0.precedes($1) }
        var sum = 0.0
        let kept = candidates.prefix { candidate in
            defer { sum += candidate.weight }
            return sum < topP * total
        }.count
        candidates.removeLast(candidates.count - kept)
    }
}

extension SplitMix64 {
    /// Number `place` of the sequence of `seed`: uniform in [0, 1), 53 bits.
    static func unit(seed: UInt64, place: UInt64) -> Double {
        Double(mixed(seed &+ step &* (place &+ 1)) >> 11) * 0x1p-53
    }
}
