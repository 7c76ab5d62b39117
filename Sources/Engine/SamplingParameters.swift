// How the next token is chosen. Knows the ranges, not the arithmetic.

/// Sampling parameters in the meaning vLLM and the OpenAI API give them. Temperature 0 is greedy.
package struct SamplingParameters: Sendable, Equatable {
    package var temperature: Float
    package var topP: Float
    /// 0 keeps every token.
    package var topK: Int
    package var minP: Float
    /// Over prompt and answer.
    package var repetitionPenalty: Float
    /// For each time a token stands in the answer. The prompt does not count.
    package var frequencyPenalty: Float
    /// Once for a token that stands in the answer.
    package var presencePenalty: Float
    /// Added to the logits of these tokens.
    package var logitBias: [Int32: Float]
    /// The same seed, prompt and parameters give the same tokens.
    package var seed: UInt64

    package init(
        temperature: Float = 0, topP: Float = 1, topK: Int = 0, minP: Float = 0, repetitionPenalty: Float = 1,
        frequencyPenalty: Float = 0, presencePenalty: Float = 0, logitBias: [Int32: Float] = [:], seed: UInt64 = 0
    ) {
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.frequencyPenalty = frequencyPenalty
        self.presencePenalty = presencePenalty
        self.logitBias = logitBias
        self.seed = seed
    }

    package func validated() throws(EngineError) -> SamplingParameters {
        try Self.check("temperature", temperature, in: 0...2, "0 (greedy) to 2")
        try Self.check("top_p", topP, in: Float.leastNonzeroMagnitude...1, "above 0 and at most 1")
        try Self.check("min_p", minP, in: 0...1, "0 to 1")
        try Self.check(
            "repetition_penalty", repetitionPenalty, in: Float.leastNonzeroMagnitude...10, "above 0, at most 10")
        try Self.check("frequency_penalty", frequencyPenalty, in: -2...2, "-2 to 2")
        try Self.check("presence_penalty", presencePenalty, in: -2...2, "-2 to 2")
        guard topK >= 0 else { throw .parameter(name: "top_k", found: "\(topK)", expected: "0 (off) or more") }
        for (token, bias) in logitBias {
            try Self.check("logit_bias of token \(token)", bias, in: -100...100, "-100 to 100")
        }
        return self
    }

    private static func check(
        _ name: String, _ value: Float, in range: ClosedRange<Float>, _ expected: String
    ) throws(EngineError) {
        guard range.contains(value) else { throw .parameter(name: name, found: "\(value)", expected: expected) }
    }
}
