// A grammar seen through a vocabulary, with the masks already computed. Knows no sequence and no logits.

import Synchronization

/// The token masks of one grammar for one vocabulary. Shared by every sequence that follows the grammar.
package final class TokenMasks: Sendable {
    package let grammar: Grammar
    package let vocabulary: TokenVocabulary

    /// Masks of two ages. When `recent` is full it becomes `old`, and what was old and not asked for again is
    /// forgotten.
    private struct Cache {
        var recent: [Position: TokenMask] = [:]
        var old: [Position: TokenMask] = [:]
    }
    private let cache = Mutex(Cache())
    private let half: Int

    /// - Parameter capacity: most masks kept; a mask takes a bit for every token of the vocabulary.
    package init(_ grammar: Grammar, for vocabulary: TokenVocabulary, capacity: Int = 1024) {
        self.grammar = grammar
        self.vocabulary = vocabulary
        half = max(1, capacity / 2)
    }

    /// A matcher at the beginning of an answer.
    package func matcher() -> GrammarMatcher { GrammarMatcher(masks: self) }

    func mask(at position: Position) -> TokenMask {
        let known: TokenMask? = cache.withLock { cache in
            if let mask = cache.recent[position] { return mask }
            guard let mask = cache.old[position] else { return nil }
            keep(mask, at: position, in: &cache)
            return mask
        }
        if let known { return known }
        var mask = MaskWalk.mask(of: vocabulary, at: position, in: grammar.automaton)
        if grammar.isComplete(position) {
            for end in vocabulary.ends { mask.insert(end) }
        }
        cache.withLock { keep(mask, at: position, in: &$0) }
        return mask
    }

    private func keep(_ mask: TokenMask, at position: Position, in cache: inout Cache) {
        if cache.recent.count >= half {
            cache.old = cache.recent
            cache.recent = [:]
        }
        cache.recent[position] = mask
    }
}
