// The language model's part of config.json. Knows keys and their limits, not tensors.

/// A `LlamaConfig`: the whole of config.json for text-only folders, `llm_config` or `text_config` otherwise.
package struct LlamaConfiguration: Sendable, Hashable {
    package let hiddenSize: Int
    package let layers: Int
    package let heads: Int
    package let keyValueHeads: Int
    package let headDimension: Int
    package let feedForwardSize: Int
    package let normEpsilon: Double
    package let ropeTheta: Double
    package let ropeScaling: RopeScaling
    package let maxPositions: Int
    package let tiesEmbeddings: Bool
    /// As declared; the true size is the number of embedding rows.
    package let declaredVocabulary: Int?
    package let beginToken: Int?
    package let endTokens: [Int]

    static let tokenRange = 0...(1 << 31)

    init(_ object: ConfigurationObject) throws(CheckpointError) {
        let sizes = 1...(1 << 24)
        if let activation = try object.string("hidden_act"), activation != "silu" {
            throw object.fault("hidden_act", found: "'\(activation)'", expected: "'silu'")
        }
        for key in ["attention_bias", "mlp_bias"] where try object.bool(key) == true {
            throw object.fault(
                key, found: "true", expected: "false: linears with a bias are not supported in the decoder")
        }
        hiddenSize = try object.requiredInteger("hidden_size", in: sizes)
        layers = try object.requiredInteger("num_hidden_layers", in: 1...4096)
        heads = try object.requiredInteger("num_attention_heads", in: 1...65536)
        keyValueHeads = try object.integer("num_key_value_heads", in: 1...65536) ?? heads
        guard heads % keyValueHeads == 0 else {
            throw object.fault(
                "num_key_value_heads", found: "\(keyValueHeads)", expected: "a divisor of \(heads) heads")
        }
        if let declared = try object.integer("head_dim", in: 2...65536) {
            headDimension = declared
        } else {
            guard hiddenSize % heads == 0 else {
                throw object.fault(
                    "num_attention_heads", found: "\(heads)",
                    expected: "a divisor of hidden_size \(hiddenSize), or a head_dim")
            }
            headDimension = hiddenSize / heads
        }
        guard headDimension % 2 == 0 else {
            throw object.fault("head_dim", found: "\(headDimension)", expected: "an even number")
        }
        feedForwardSize = try object.requiredInteger("intermediate_size", in: sizes)
        normEpsilon = try object.number("rms_norm_eps", in: 0...1) ?? 1e-6
        (ropeTheta, ropeScaling) = try RopeScaling.read(object)
        maxPositions = try object.requiredInteger("max_position_embeddings", in: 1...(1 << 30))
        tiesEmbeddings = try object.bool("tie_word_embeddings") ?? false
        declaredVocabulary = try object.integer("vocab_size", in: 1...(1 << 24))
        beginToken = try object.integer("bos_token_id", in: Self.tokenRange)
        endTokens = try object.integers("eos_token_id", in: Self.tokenRange) ?? []
    }
}
