// What limits the next token from outside, such as a grammar. Knows nothing of how the limits came about.

/// A set of token ids below a vocabulary's size, one bit for each.
package struct TokenMask: Sendable, Equatable {
    /// Bit `id % 64` of word `id / 64`.
    package private(set) var words: [UInt64]

    package init(words: [UInt64]) { self.words = words }

    package init(vocabulary: Int, _ ids: some Swift.Sequence<Int32> = []) {
        words = Array(repeating: 0, count: (vocabulary + 63) / 64)
        for id in ids { insert(id) }
    }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    package func contains(_ id: Int32) -> Bool {
        words.indices.contains(Int(id) / 64) && id >= 0 && words[Int(id) / 64] >> (UInt64(id) % 64) & 1 == 1
    }

    /// Adds an id; one beyond the vocabulary is ignored.
    package mutating func insert(_ id: Int32) {
        guard id >= 0, words.indices.contains(Int(id) / 64) else { return }
        words[Int(id) / 64] |= 1 << (UInt64(id) % 64)
    }
}

/// The state of a structure that an answer must follow. A value: a copy goes its own way.
///
/// The engine asks for the mask before a token is chosen and advances by the chosen token, never by one outside the mask.
/// Ends of the answer are not the constraint's business: while `isComplete`, the request's stop tokens are allowed too,
/// and an answer that is complete and can go on with nothing ends there.
package protocol TokenConstraint: Sendable {
    /// Tokens that may come next, without stop tokens.
    mutating func allowedTokens() -> TokenMask
    mutating func advance(by token: Int32)
    /// Whether the answer may end here.
    var isComplete: Bool { get }
}
