// The tokens of a model as a trie of their bytes. Knows no grammar; built once a model.

/// Tokens by id and, in one array, the trie of their bytes in depth-first order: to leave a subtree out is to jump over
/// it.
package struct TokenVocabulary: Sendable {
    struct Node {
        let byte: UInt8
        /// Bytes from the root, this one included.
        let depth: Int32
        /// Index of the first node that is not below this one.
        let next: Int32
        /// Tokens that end here are `sorted[firstToken..<firstToken + tokenCount]`.
        let firstToken: Int32
        let tokenCount: Int32
        /// Bytes of the nodes below this one, as a `ByteBuckets`.
        let below: UInt64
    }

    let nodes: [Node]
    /// Ids in the order of the trie.
    let sorted: [Int32]
    /// Bytes of the longest token.
    let longest: Int
    private let tokens: [[UInt8]]
    /// Tokens that end an answer.
    package let ends: [Int32]

    /// Number of ids.
    package var count: Int { tokens.count }

    /// - Parameters:
    ///   - tokens: bytes by id; empty for ids that stand for no text (control tokens, padding), which no grammar allows.
    ///   - ends: ids that end an answer; their bytes are left out of account. Ids out of range are ignored.
    ///
    /// Every byte should be a token of its own, as in byte-level vocabularies: then any byte a grammar allows can be
    /// said, and no answer gets stuck.
    package init(tokens: [[UInt8]], ends: [Int32]) {
        var tokens = tokens
        self.ends = ends.filter { tokens.indices.contains(Int($0)) }
        for end in self.ends { tokens[Int(end)] = [] }
        let sorted = tokens.indices.filter { !tokens[$0].isEmpty }.sorted { first, second in
            tokens[first] == tokens[second] ? first < second : tokens[first].lexicographicallyPrecedes(tokens[second])
        }
        var bytes: [UInt8] = [], depths: [Int32] = [], firsts: [Int32] = [], counts: [Int32] = []
        var path: [UInt8] = []
        for (place, id) in sorted.enumerated() {
            let token = tokens[id]
            var shared = 0
            while shared < min(path.count, token.count), path[shared] == token[shared] { shared += 1 }
            for depth in shared..<token.count {
                bytes.append(token[depth])
                depths.append(Int32(depth + 1))
                firsts.append(Int32(place))
                counts.append(0)
            }
            counts[counts.count - 1] += 1
            path = token
        }
        // From the last to the first: the next node as shallow as this one, or shallower.
        var nexts = [Int32](repeating: Int32(bytes.count), count: bytes.count)
        var below = [UInt64](repeating: 0, count: bytes.count)
        for index in bytes.indices.reversed() {
            var next = index + 1
            while next < bytes.count, depths[next] > depths[index] {
                below[index] |= below[next] | ByteBuckets.bit(of: bytes[next])
                next = Int(nexts[next])
            }
            nexts[index] = Int32(next)
        }
        nodes = bytes.indices.map {
            Node(
                byte: bytes[$0], depth: depths[$0], next: nexts[$0], firstToken: firsts[$0], tokenCount: counts[$0],
                below: below[$0])
        }
        self.sorted = sorted.map(Int32.init)
        longest = tokens.map(\.count).max() ?? 0
        self.tokens = tokens
    }

    /// Bytes of a token; nil for one that no grammar allows.
    func bytes(of id: Int32) -> [UInt8]? {
        guard tokens.indices.contains(Int(id)), !tokens[Int(id)].isEmpty else { return nil }
        return tokens[Int(id)]
    }
}

/// Sets of bytes in 64 bits, one for each four bytes that follow each other.
enum ByteBuckets {
    static func bit(of byte: UInt8) -> UInt64 { 1 << UInt64(byte >> 2) }

    /// The buckets of which every byte satisfies `holds`.
    static func whole(where holds: (UInt8) -> Bool) -> UInt64 {
        var buckets: UInt64 = 0
        for bucket in UInt8(0)..<64 where (bucket * 4...bucket * 4 + 3).allSatisfy(holds) {
            buckets |= 1 << UInt64(bucket)
        }
        return buckets
    }
}
