// From a row of logits to a token. Knows nothing of text, stops or other sequences.

import Foundation

/// Log-probability of a token, and of the most likely ones, under the model's own distribution (before penalties,
/// temperature and truncation, as vLLM reports them by default).
package struct TokenLogprob: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package let id: Int32
        package let logprob: Float

        package init(id: Int32, logprob: Float) {
            self.id = id
            self.logprob = logprob
        }
    }
    package let chosen: Entry
    /// Most likely first; equal logits in order of id.
    package let top: [Entry]
}

/// Chooses one sequence's tokens. A value: the same parameters and logits give the same tokens, in any batch.
package struct Sampler: Sendable {
    let parameters: SamplingParameters
    private var generator: SplitMix64
    private var seen: Set<Int32>

    /// - Parameter prompt: ids the repetition penalty counts as already used.
    package init(_ parameters: SamplingParameters, prompt: [Int32]) {
        self.parameters = parameters
        generator = SplitMix64(state: parameters.seed)
        seen = parameters.repetitionPenalty == 1 ? [] : Set(prompt)
    }

    /// The next token, or nil when no logit is finite or one is NaN.
    package mutating func next(_ logits: UnsafeBufferPointer<Float>) -> Int32? {
        let token = parameters.temperature == 0 ? greedy(logits) : sampled(logits)
        if let token, parameters.repetitionPenalty != 1 { seen.insert(token) }
        return token
    }

    /// The largest logit's id; of equal ones the lowest.
    private func greedy(_ logits: UnsafeBufferPointer<Float>) -> Int32? {
        var best: (id: Int, logit: Float)?
        for id in logits.indices {
            let logit = penalized(logits[id], Int32(truncatingIfNeeded: id))
            if logit.isNaN { return nil }
            if best.map({ logit > $0.logit }) ?? true { best = (id, logit) }
        }
        guard let best, best.logit.isFinite else { return nil }
        return Int32(best.id)
    }

    private mutating func sampled(_ logits: UnsafeBufferPointer<Float>) -> Int32? {
        var candidates: [(id: Int32, logit: Float)] = []
        candidates.reserveCapacity(logits.count)
        for id in logits.indices {
            let logit = penalized(logits[id], Int32(id)) / parameters.temperature
            if logit.isNaN { return nil }
            candidates.append((Int32(id), logit))
        }
        candidates.sort { $0.logit > $1.logit || ($0.logit == $1.logit && $0.id < $1.id) }
        guard let largest = candidates.first?.logit, largest.isFinite else { return nil }
        if parameters.topK > 0 { candidates.removeLast(max(0, candidates.count - parameters.topK)) }
        var weights = candidates.map { exp(Double($0.logit - largest)) }
        if parameters.minP > 0 {
            let kept = weights.prefix { $0 >= Double(parameters.minP) }.count
            weights.removeLast(weights.count - kept)
        }
        if parameters.topP < 1 {
            let limit = weights.reduce(0, +) * Double(parameters.topP)
            var sum = 0.0
            let kept = weights.prefix { weight in
                defer { sum += weight }
                return sum < limit
            }.count
            weights.removeLast(weights.count - kept)
        }
        var point = generator.unit() * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            point -= weight
            if point < 0 { return candidates[index].id }
        }
        return candidates[weights.count - 1].id
    }

    /// Divides a positive logit of a seen token by the penalty and multiplies a negative one, as in CTRL (1909.05858).
    private func penalized(_ logit: Float, _ id: Int32) -> Float {
        guard parameters.repetitionPenalty != 1, seen.contains(id) else { return logit }
        return logit > 0 ? logit / parameters.repetitionPenalty : logit * parameters.repetitionPenalty
    }

    /// Log-probabilities of `token` and of the `count` most likely tokens.
    package static func logprob(
        of token: Int32, top count: Int, _ logits: UnsafeBufferPointer<Float>
    ) -> TokenLogprob {
        let largest = logits.max() ?? 0
        let total = logits.reduce(0.0) { $0 + exp(Double($1 - largest)) }
        let offset = Double(largest) + log(total)
        func entry(_ id: Int) -> TokenLogprob.Entry {
            TokenLogprob.Entry(id: Int32(id), logprob: Float(Double(logits[id]) - offset))
        }
        var best: [Int] = []  // ids, most likely first
        for id in logits.indices where count > 0 {
            if best.count == count, let last = best.last, logits[id] <= logits[last] { continue }
            let place = best.firstIndex { logits[$0] < logits[id] } ?? best.count
            best.insert(id, at: place)
            if best.count > count { best.removeLast() }
        }
        return TokenLogprob(chosen: entry(Int(token)), top: best.map(entry))
    }
}

/// Steele, Lea and Flood's splittable generator (OOPSLA 2014): 64 bits of state, passes BigCrush.
struct SplitMix64: Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in [0, 1), 53 bits.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
