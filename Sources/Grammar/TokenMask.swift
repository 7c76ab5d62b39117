// A set of token ids. Knows nothing of why they are in it.

/// Token ids, one bit each: id i is bit i % 64 of word i / 64.
package struct TokenMask: Sendable, Hashable {
    package internal(set) var words: [UInt64]

    /// No token of `count`.
    package init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    package func contains(_ id: Int32) -> Bool {
        guard id >= 0, Int(id) / 64 < words.count else { return false }
        return words[Int(id) / 64] >> UInt64(id % 64) & 1 == 1
    }

    /// Number of ids.
    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Adds an id; one beyond the vocabulary is ignored.
    package mutating func insert(_ id: Int32) {
        guard id >= 0, Int(id) / 64 < words.count else { return }
        words[Int(id) / 64] |= 1 << UInt64(id % 64)
    }

    package mutating func remove(_ id: Int32) {
        guard id >= 0, Int(id) / 64 < words.count else { return }
        words[Int(id) / 64] &= ~(1 << UInt64(id % 64))
    }
}
