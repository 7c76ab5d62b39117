// generation_config.json: the folder's sampling defaults and stop tokens. Knows nothing of sampling.

/// Sampling defaults of a folder; nil where it states none.
package struct GenerationConfiguration: Sendable, Hashable {
    package let samples: Bool?
    package let temperature: Double?
    package let topP: Double?
    package let topK: Int?
    package let minP: Double?
    package let repetitionPenalty: Double?
    package let maxNewTokens: Int?
    package let beginToken: Int?
    package let endTokens: [Int]

    /// - Parameter object: generation_config.json; a folder without one states nothing.
    init(_ object: ConfigurationObject?) throws(CheckpointError) {
        samples = try object?.bool("do_sample")
        temperature = try object?.number("temperature", in: 0...100)
        topP = try object?.number("top_p", in: 0...1)
        topK = try object?.integer("top_k", in: -1...(1 << 24))
        minP = try object?.number("min_p", in: 0...1)
        repetitionPenalty = try object?.number("repetition_penalty", in: 0.01...100)
        maxNewTokens = try object?.integer("max_new_tokens", in: 1...(1 << 30))
        beginToken = try object?.integer("bos_token_id", in: LlamaConfiguration.tokenRange)
        endTokens = try object?.integers("eos_token_id", in: LlamaConfiguration.tokenRange) ?? []
    }
}
