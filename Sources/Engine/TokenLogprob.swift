// Log-probabilities of a chosen token and its rivals. Knows nothing of how the token was chosen.

import Foundation

/// Log-probability of a token, and of the most likely ones, under the model's own distribution (before masks, biases,
/// penalties, temperature and truncation, as vLLM reports them by default).
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

extension TokenLogprob {
    /// Of `token` and of the `count` most likely tokens.
    package init(of token: Int32, top count: Int, _ logits: UnsafeBufferPointer<Float>) {
        let largest = logits.max() ?? 0
        let total = logits.reduce(0.0) { $0 + exp(Double($1 - largest)) }
        let offset = Double(largest) + log(total)
        func entry(_ id: Int) -> Entry { Entry(id: Int32(id), logprob: Float(Double(logits[id]) - offset)) }
        var best: [Int] = []  // ids, most likely first
        for id in logits.indices where count > 0 {
            if best.count == count, let last = best.last, logits[id] <= logits[last] { continue }
            let place = best.firstIndex { logits[$0] < logits[id] } ?? best.count
            best.insert(id, at: place)
            if best.count > count { best.removeLast() }
        }
        chosen = entry(Int(token))
        top = best.map(entry)
    }
}
