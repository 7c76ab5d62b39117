// One answer's place in a grammar. Knows no logits and no other answers.

/// Follows one answer token by token. A value: a copy is a place to come back to, as speculation needs.
package struct GrammarMatcher: Sendable {
    package let masks: TokenMasks
    private var position = Position()

    init(masks: TokenMasks) { self.masks = masks }

    /// Whether the answer may end here. The tokens that end an answer are allowed exactly then.
    package var isComplete: Bool { masks.grammar.isComplete(position) }

    /// Tokens that may come next. Never empty when every byte is a token: an answer that may not end can go on.
    package func allowedTokens() -> TokenMask { masks.mask(at: position) }

    /// Takes the next token. False when it is not allowed, and then nothing has changed. A token that ends the answer
    /// is taken when the answer is complete and leaves the matcher where it is.
    package mutating func accept(_ token: Int32) -> Bool {
        if masks.vocabulary.ends.contains(token) { return isComplete }
        guard let bytes = masks.vocabulary.bytes(of: token) else { return false }
        return accept(bytes: bytes)
    }

    /// Takes bytes that some tokens stand for, all of them or none.
    package mutating func accept(bytes: some Sequence<UInt8>) -> Bool {
        var next = position
        for byte in bytes where !next.take(byte, in: masks.grammar.automaton) { return false }
        position = next
        return true
    }

    /// The bytes that must come next whatever the model says, at most `limit`; empty when there is a choice.
    package func forcedBytes(limit: Int = 256) -> [UInt8] {
        var next = position
        var bytes: [UInt8] = []
        while bytes.count < limit, let byte = masks.grammar.forcedByte(next) {
            guard next.take(byte, in: masks.grammar.automaton) else { break }
            bytes.append(byte)
        }
        return bytes
    }
}
