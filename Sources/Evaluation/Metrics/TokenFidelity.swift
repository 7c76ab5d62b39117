// The metrics of one predicted token: divergence, cross-entropy, agreement. Knows logits, not tokens' meaning.

import Foundation

/// How two models predict the same token after the same text.
package struct TokenFidelity: Sendable, Equatable {
    /// KL(reference || model) over the full vocabulary at temperature 1, nats.
    package let divergence: Double
    /// Minus the log-probability of the true token, nats.
    package let referenceCrossEntropy: Double
    package let crossEntropy: Double
    /// Most likely tokens; of equal ones the lowest, as greedy decoding chooses.
    package let referenceChoice: Int32
    package let choice: Int32

    package var agrees: Bool { referenceChoice == choice }

    /// - Parameters:
    ///   - reference: logits over the vocabulary.
    ///   - model: logits over the same vocabulary.
    ///   - target: the true token, inside the vocabulary.
    /// - Returns: nil when a logit is not finite.
    package init?(
        reference: UnsafeBufferPointer<Float>, model: UnsafeBufferPointer<Float>, target: Int32
    ) {
        precondition(
            reference.count == model.count && reference.indices.contains(Int(target)), "one vocabulary for both")
        guard let first = Distribution(reference), let second = Distribution(model) else { return nil }
        var divergence = 0.0
        for index in reference.indices {
            let logProbability = Double(reference[index]) - first.normalizer
            let probability = exp(logProbability)
            if probability > 0 {
                divergence += probability * (logProbability - (Double(model[index]) - second.normalizer))
            }
        }
        self.divergence = divergence
        referenceCrossEntropy = first.normalizer - Double(reference[Int(target)])
        crossEntropy = second.normalizer - Double(model[Int(target)])
        referenceChoice = first.choice
        choice = second.choice
    }
}

/// What is needed of a row of logits to read it as probabilities.
private struct Distribution {
    /// log of the sum of exp(logit).
    let normalizer: Double
    let choice: Int32

    init?(_ logits: UnsafeBufferPointer<Float>) {
        guard var largest = logits.first else { return nil }
        var choice = 0
        for index in logits.indices {
            guard logits[index].isFinite else { return nil }
            if logits[index] > largest { (largest, choice) = (logits[index], index) }
        }
        var total = 0.0
        for logit in logits { total += exp(Double(logit) - Double(largest)) }
        normalizer = Double(largest) + log(total)
        self.choice = Int32(choice)
    }
}
