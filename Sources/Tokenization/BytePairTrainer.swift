// Learns the merges of a byte-level BPE vocabulary from a text. Knows no files and no special tokens.
// Source: Sennrich, Haddow, Birch 2016; bytes as in GPT-2.

/// Byte-pair encoding learnt from counts of pieces.
package enum BytePairTrainer {
    /// The most frequent pair of neighbouring tokens becomes a token, again and again; of equally frequent pairs the
    /// first in the order of their spellings.
    /// - Parameters:
    ///   - text: cut into pieces as Llama 3 cuts it; merges never cross a piece's border.
    ///   - count: merges wanted.
    /// - Returns: pairs in byte-level characters, the first merge first.
    /// - Throws: `.tooLittleText` when there are no more pairs.
    package static func merges(of text: String, count: Int) throws(TokenizationError) -> [(left: String, right: String)]
    {
        var pieces = counted(text).map { (symbols: $0.key.map { ByteLevelAlphabet.spelling(of: $0) }, count: $0.value) }
            .sorted { $0.symbols.lexicographicallyPrecedes($1.symbols) }
        var result: [(left: String, right: String)] = []
        while result.count < count {
            var pairs: [Pair: Int] = [:]
            for piece in pieces {
                for (left, right) in zip(piece.symbols, piece.symbols.dropFirst()) {
                    pairs[Pair(left: left, right: right), default: 0] += piece.count
                }
            }
            guard let best = pairs.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else {
                throw .tooLittleText(merges: result.count, wanted: count)
            }
            result.append((best.left, best.right))
            for index in pieces.indices { pieces[index].symbols = merged(pieces[index].symbols, best) }
        }
        return result
    }

    private struct Pair: Hashable, Comparable {
        let left: String
        let right: String

        static func < (one: Pair, other: Pair) -> Bool { (one.left, one.right) < (other.left, other.right) }
    }

    private static func counted(_ text: String) -> [[UInt8]: Int] {
        var counts: [[UInt8]: Int] = [:]
        let bytes = Array(text.utf8)
        let cutter = PreTokenizer()
        var start = 0
        while start < bytes.count {
            let end = cutter.end(of: bytes.span, from: start, limit: bytes.count)
            counts[Array(bytes[start..<end]), default: 0] += 1
            start = end
        }
        return counts
    }

    private static func merged(_ symbols: [String], _ pair: Pair) -> [String] {
        guard symbols.count > 1, symbols.contains(pair.left) else { return symbols }
        var result: [String] = []
        var index = 0
        while index < symbols.count {
            if index + 1 < symbols.count, symbols[index] == pair.left, symbols[index + 1] == pair.right {
                result.append(pair.left + pair.right)
                index += 2
            } else {
                result.append(symbols[index])
                index += 1
            }
        }
        return result
    }
}
