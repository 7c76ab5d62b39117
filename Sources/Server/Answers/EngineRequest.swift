// What a request's fields mean to the engine. Knows both sides' names.

import Engine
import OpenAIAPI

extension GenerationRequest {
    mutating func apply(_ fields: SamplingFields, seed: UInt64) {
        sampling.seed = seed
        sampling.frequencyPenalty = Float(fields.frequencyPenalty)
        sampling.presencePenalty = Float(fields.presencePenalty)
        sampling.logitBias = fields.logitBias
        maxTokens = fields.maxTokens
        minTokens = fields.minTokens
        stopTokens.formUnion(fields.stopTokenIDs)
    }
}

extension ServerState {
    /// Reads the numbers that are levels or totals of the engine's.
    func updateLevels() {
        let statistics = model.statistics
        metrics.set(.inHouse, Double(admission.count))
        metrics.set(.running, Double(statistics.running))
        metrics.set(.waiting, Double(statistics.waiting))
        metrics.set(.cacheUse, Double(statistics.pagesUsed) / Double(max(statistics.pagesTotal, 1)))
        metrics.update(statistics)
    }
}
