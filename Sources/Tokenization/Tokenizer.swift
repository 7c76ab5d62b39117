// Text to token ids and back, equal to Hugging Face `tokenizers`. Knows no prompts, templates or models.

package import Foundation

/// A byte-level BPE tokenizer of the Llama-3 kind.
///
/// Safe to share between threads: nothing changes after `init`.
package final class Tokenizer: Sendable {
    /// Ids are `0..<count`. A model may have more rows; those ids decode to nothing.
    package let count: Int
    /// Control tokens, in order of id.
    package let specialTokens: [AddedToken]
    /// The token that begins a text: the post-processor's, else `<|begin_of_text|>` where it exists.
    package let bos: Int32?

    private let vocabulary: Vocabulary
    private let encoder: BytePairEncoder
    private let ignoresMerges: Bool
    private let preTokenizer = PreTokenizer()
    private let isSpecial: [Bool]
    private let idsBySpelling: [String: Int32]
    /// Tokens matched first, then those matched in what is left between them.
    private let matchers: [AddedTokenMatcher]
    private let hasOrdinaryAddedTokens: Bool

    /// Reads `tokenizer.json`.
    package convenience init(contentsOf url: URL) throws(TokenizationError) {
        self.init(try TokenizerFile(contentsOf: url))
    }

    package init(_ file: TokenizerFile) {
        var isSpecial = [Bool](repeating: false, count: file.places.count)
        for token in file.addedTokens where token.isSpecial { isSpecial[Int(token.id)] = true }
        // What is special is out of reach of text even where the file also lists it in model.vocab.
        let reachable = file.modelIDs.filter { !isSpecial[Int($0)] }
        vocabulary = Vocabulary(storage: file.storage, places: file.places, indexed: reachable)
        encoder = BytePairEncoder(merges: file.merges, byteIDs: file.byteIDs, unreachable: isSpecial)
        count = file.places.count
        specialTokens = file.addedTokens.filter(\.isSpecial)
        ignoresMerges = file.ignoresMerges
        idsBySpelling = Dictionary(file.addedTokens.map { ($0.content, $0.id) }) { first, _ in first }
        bos = idsBySpelling[file.beginToken ?? "<|begin_of_text|>"]
        matchers = [false, true].map { normalized in
            AddedTokenMatcher(
                file.addedTokens.filter { $0.isNormalized == normalized }.map { ($0.id, Array($0.content.utf8)) })
        }
        hasOrdinaryAddedTokens = file.addedTokens.contains { !$0.isSpecial }
        self.isSpecial = isSpecial
    }

    // MARK: Tokens

    /// Id of an added token, such as `<image>`, by its exact spelling.
    package func id(ofAdded spelling: String) -> Int32? { idsBySpelling[spelling] }

    /// Id of the ordinary token with these bytes.
    package func id(ofBytes bytes: [UInt8]) -> Int32? {
        let id = vocabulary.find(bytes)
        return id >= 0 ? id : nil
    }

    /// Whether `id` is a control token.
    package func isSpecial(_ id: Int32) -> Bool { id >= 0 && id < count && isSpecial[Int(id)] }

    /// Bytes that `id` decodes to, which may begin or end inside a scalar; empty when no token has this id.
    package func bytes(of id: Int32) -> ArraySlice<UInt8> { vocabulary.bytes(of: id) }

    /// Text of one token, with U+FFFD for bytes that are no UTF-8 by themselves.
    package func text(of id: Int32) -> String { String(decoding: bytes(of: id), as: UTF8.self) }

    // MARK: Encoding

    /// Token ids of a text, without a begin token.
    /// - Parameter controlTokens: whether spellings of control tokens in `text` become those tokens. False for
    ///   anything a user wrote. Added tokens that are not special are matched either way, as Hugging Face does.
    package func encode(_ text: String, controlTokens: Bool) -> [Int32] {
        var text = text
        text.makeContiguousUTF8()
        let bytes = text.utf8Span.span
        var run = EncodingRun(cacheWords: bytes.count >= 4096)
        run.ids.reserveCapacity(bytes.count / 3 + 8)
        let stage = controlTokens || hasOrdinaryAddedTokens ? 0 : matchers.count
        encode(bytes, 0, bytes.count, stage: stage, controlTokens: controlTokens, &run)
        return run.ids
    }

    /// Encodes `bytes[lower..<upper]`, whose added tokens are to be found by the matchers from `stage` on.
    private func encode(
        _ bytes: Span<UInt8>, _ lower: Int, _ upper: Int, stage: Int, controlTokens: Bool, _ run: inout EncodingRun
    ) {
        guard stage < matchers.count else { return encodePieces(bytes, lower, upper, &run) }
        let matcher = matchers[stage]
        var textStart = lower
        var position = lower
        while !matcher.isEmpty, let match = matcher.next(in: bytes, from: position, limit: upper) {
            position = match.end
            // A control token that must stay text still hides what overlaps it, as in Hugging Face `tokenizers`.
            guard controlTokens || !isSpecial[Int(match.id)] else { continue }
            if textStart < match.start {
                encode(bytes, textStart, match.start, stage: stage + 1, controlTokens: controlTokens, &run)
            }
            run.ids.append(match.id)
            textStart = match.end
        }
        if textStart < upper {
            encode(bytes, textStart, upper, stage: stage + 1, controlTokens: controlTokens, &run)
        }
    }

    private func encodePieces(_ bytes: Span<UInt8>, _ lower: Int, _ upper: Int, _ run: inout EncodingRun) {
        var start = lower
        while start < upper {
            let end = preTokenizer.end(of: bytes, from: start, limit: upper)
            let hash = Vocabulary.hash(bytes, start, end)
            if ignoresMerges {
                let whole = vocabulary.find(bytes, start, end, hash: hash)
                if whole >= 0 {
                    run.ids.append(whole)
                    start = end
                    continue
                }
            }
            if !run.recall(bytes, start, end, hash) {
                let first = run.ids.count
                encoder.encode(bytes, start, end, into: &run.ids, scratch: &run.scratch)
                run.remember(start, end, hash, first)
            }
            start = end
        }
    }

    // MARK: Decoding

    /// Text of a sequence of ids. Ids without a token are passed over; bytes that are no UTF-8 become U+FFFD.
    /// - Parameter skipSpecial: whether control tokens are left out.
    package func decode(_ ids: [Int32], skipSpecial: Bool) -> String {
        var bytes: [UInt8] = []
        for id in ids where !(skipSpecial && isSpecial(id)) { bytes += vocabulary.bytes(of: id) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
