// What a request's fields mean to the engine. Knows both sides' names.

import Engine
import OpenAIAPI

extension GenerationRequest {
    mutating func apply(_ fields: SamplingFields, seed: UInt64) {
        sampling.seed = seed
        maxTokens = fields.maxTokens
        stopTokens.formUnion(fields.stopTokenIDs)
    }
}

extension ServerState {
    /// Updates the numbers that are levels, before they are read.
    func updateLevels() {
        metrics.set(.inHouse, Double(admission.count))
    }
}
