// Grammars compiled for this model's vocabulary, the latest ones kept. Knows no requests.

import Engine
import Grammar
import OpenAIAPI
import Synchronization
import Tokenization

final class GrammarLibrary: Sendable {
    private struct State {
        var masks: [GrammarSource: (masks: TokenMasks, lastUse: Int)] = [:]
        var clock = 0
    }

    private let vocabulary: TokenVocabulary
    private let limits: GrammarLimits
    private let capacity = 32
    private let state = Mutex(State())

    init(tokenizer: Tokenizer, limits: Limits) {
        vocabulary = TokenVocabulary(
            tokens: (0..<Int32(clamping: tokenizer.count)).map { id in
                tokenizer.isSpecial(id) ? [] : Array(tokenizer.bytes(of: id))
            }, ends: [])
        var grammarLimits = GrammarLimits()
        grammarLimits.sourceBytes = limits[.schemaBytes]
        grammarLimits.nesting = limits[.schemaDepth]
        grammarLimits.states = limits[.schemaStates]
        grammarLimits.steps = limits[.schemaSteps]
        self.limits = grammarLimits
    }

    /// - Throws: 400 `invalid_schema`.
    func constraint(_ source: GrammarSource, param: String) throws(APIError) -> any TokenConstraint {
        if let masks = find(source) { return GrammarConstraint(masks.matcher()) }
        let masks: TokenMasks
        do throws(GrammarError) {
            masks = TokenMasks(try Grammar(source, limits: limits), for: vocabulary)
        } catch {
            throw APIError(error, param: param)
        }
        keep(masks, source)
        return GrammarConstraint(masks.matcher())
    }

    private func find(_ source: GrammarSource) -> TokenMasks? {
        state.withLock { state in
            state.clock += 1
            state.masks[source]?.lastUse = state.clock
            return state.masks[source]?.masks
        }
    }

    private func keep(_ masks: TokenMasks, _ source: GrammarSource) {
        state.withLock { state in
            state.masks[source] = (masks, state.clock)
            while state.masks.count > capacity,
                let oldest = state.masks.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.masks[oldest.key] = nil
            }
        }
    }
}

extension APIError {
    fileprivate init(_ error: GrammarError, param: String) {
        let reason =
            switch error {
            case .regex(_, let offset, let reason): "it has \(reason) at character \(offset)"
            case .reference(let path, _, let reason): "the $ref at \(path) \(reason)"
            case .malformed(let path, _, let expected): "at \(path), expected \(expected)"
            default: error.description
            }
        self.init(400, "invalid_schema", param: param, "\(param): \(reason)")
    }
}
