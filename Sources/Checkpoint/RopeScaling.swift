// How rotary frequencies are stretched beyond the pretraining context. Knows the keys, not the rotation.

/// The rope scaling of a Llama configuration.
package enum RopeScaling: Sendable, Hashable {
    case none
    /// Llama 3: wavelengths above `originalContext / lowFrequencyFactor` are divided by `factor`, those below
    /// `originalContext / highFrequencyFactor` kept, those between blended.
    case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Int)

    /// Reads `rope_scaling` (`rope_type` or the older `type`) or transformers 5's `rope_parameters`.
    static func read(_ object: ConfigurationObject) throws(CheckpointError) -> (theta: Double, scaling: RopeScaling) {
        let parameters = try object.object("rope_parameters")
        let theta =
            try (parameters ?? object).number("rope_theta", in: 1...1e12)
            .or(try object.number("rope_theta", in: 1...1e12)) ?? 10_000
        guard let scaling = try parameters.or(try object.object("rope_scaling")) else { return (theta, .none) }
        let key = scaling["rope_type"] == nil ? "type" : "rope_type"
        switch try scaling.string(key) {
        case nil where parameters != nil, "default": return (theta, .none)
        case "llama3":
            let low = try scaling.requiredNumber("low_freq_factor", in: 1e-6...1e6)
            let high = try scaling.requiredNumber("high_freq_factor", in: 1e-6...1e6)
            guard low < high else {
                throw scaling.fault("high_freq_factor", found: "\(high)", expected: "more than low_freq_factor, \(low)")
            }
            return (
                theta,
                .llama3(
                    factor: try scaling.requiredNumber("factor", in: 1...1e6),
                    lowFrequencyFactor: low, highFrequencyFactor: high,
                    originalContext: try scaling.requiredInteger("original_max_position_embeddings", in: 1...(1 << 30)))
            )
        case let other:
            throw scaling.fault(key, found: other.map { "'\($0)'" } ?? "nothing", expected: "'llama3' or 'default'")
        }
    }
}
