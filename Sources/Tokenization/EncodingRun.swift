// What one call of `encode` carries along: its output, working space, and the words it has merged. Knows no vocabulary.

/// State of one encoding. The cache holds places in this call's own text and output, so it costs no copies and ends
/// with the call.
struct EncodingRun {
    var ids: [Int32] = []
    var scratch = BytePairEncoder.Scratch()
    /// Direct-mapped by hash; empty when the text is too short to pay for it.
    private var words: [Word] = []

    private struct Word {
        var hash: UInt64 = 0
        var start = 0
        var length = 0
        var firstID = 0
        var idCount = 0
    }

    private static let wordCount = 4096
    private static let wordLengthLimit = 64

    init(cacheWords: Bool) {
        if cacheWords { words = [Word](repeating: Word(), count: Self.wordCount) }
    }

    /// Appends the ids of an equal piece seen before; false when there is none.
    mutating func recall(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ hash: UInt64) -> Bool {
        guard !words.isEmpty else { return false }
        let word = words[Int(truncatingIfNeeded: hash >> 32) & (Self.wordCount - 1)]
        guard word.hash == hash, word.length == end - start else { return false }
        for offset in 0..<word.length where bytes[word.start + offset] != bytes[start + offset] { return false }
        for index in word.firstID..<word.firstID + word.idCount { ids.append(ids[index]) }
        return true
    }

    /// Keeps the piece `start..<end`, whose ids are those from `firstID` on.
    mutating func remember(_ start: Int, _ end: Int, _ hash: UInt64, _ firstID: Int) {
        guard !words.isEmpty, end - start <= Self.wordLengthLimit else { return }
        words[Int(truncatingIfNeeded: hash >> 32) & (Self.wordCount - 1)] =
            Word(hash: hash, start: start, length: end - start, firstID: firstID, idCount: ids.count - firstID)
    }
}
