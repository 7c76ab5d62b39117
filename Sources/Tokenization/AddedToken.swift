// Tokens that stand beside the byte-pair vocabulary and are matched in text as a whole. Knows no merges.

/// An entry of `added_tokens` in tokenizer.json.
package struct AddedToken: Sendable, Hashable {
    package var id: Int32
    /// The spelling, such as `<|eot_id|>`.
    package var content: String
    /// A control token: never made from text unless control tokens are asked for.
    package var isSpecial: Bool
    /// Matched after those that are not: Hugging Face matches these in normalised text, which here is the text itself.
    var isNormalized: Bool
}

/// Finds added tokens in text: leftmost, longest at equal start.
struct AddedTokenMatcher: Sendable {
    /// Column of a byte in `transitions`; 0 for bytes that no token holds.
    private let columns: [UInt8]  // [256]
    private let width: Int
    /// Next node by node and column; 0 is no way on, as nothing leads back to the root.
    private var transitions: [Int32]  // [nodes, width]
    /// The token that ends at each node; -1 for none.
    private var tokens: [Int32]  // [nodes]

    init(_ added: [(id: Int32, bytes: [UInt8])]) {
        var columns = [UInt8](repeating: 0, count: 256)
        var used = 0
        // 255 columns suffice: UTF-8 never holds all 256 bytes.
        for byte in added.flatMap(\.bytes) where columns[Int(byte)] == 0 && used < 255 {
            used += 1
            columns[Int(byte)] = UInt8(used)
        }
        self.columns = columns
        width = used + 1
        transitions = [Int32](repeating: 0, count: width)
        tokens = [-1]
        for (id, bytes) in added where !bytes.isEmpty {
            var node = 0
            for byte in bytes {
                let place = node * width + Int(columns[Int(byte)])
                if transitions[place] == 0 {
                    transitions[place] = Int32(tokens.count)
                    transitions += [Int32](repeating: 0, count: width)
                    tokens.append(-1)
                }
                node = Int(transitions[place])
            }
            tokens[node] = id
        }
    }

    var isEmpty: Bool { tokens.count == 1 }

    /// The next token at or after `start` that ends by `limit`.
    func next(in bytes: Span<UInt8>, from start: Int, limit: Int) -> (start: Int, end: Int, id: Int32)? {
        var first = start
        while first < limit {
            var node = Int(transitions[Int(columns[Int(bytes[first])])])
            var end = first + 1
            var found: (end: Int, id: Int32)?
            while node != 0 {
                if tokens[node] >= 0 { found = (end, tokens[node]) }
                guard end < limit else { break }
                node = Int(transitions[node * width + Int(columns[Int(bytes[end])])])
                end += 1
            }
            if let found { return (first, found.end, found.id) }
            first += 1
        }
        return nil
    }
}
