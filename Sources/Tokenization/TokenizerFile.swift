// tokenizer.json, the Hugging Face form of a byte-level BPE tokenizer, read and checked. Does not encode.

package import Foundation
import JSONText

/// The contents of a `tokenizer.json` of the Llama-3 kind: model BPE over bytes, the Llama-3 pre-tokenisation rule, no
/// normaliser. Anything else is refused by field. `truncation` and `padding` are ignored: they are settings of a call.
package struct TokenizerFile: Sendable {
    /// Files larger than this are refused unread; Llama-3's takes 17 MB.
    package static let byteLimit = 256 << 20

    /// Bytes of all tokens, added ones included; index by id.
    let storage: [UInt8]
    let places: [Vocabulary.Place]
    /// Ids of `model.vocab`.
    let modelIDs: [Int32]
    package let merges: [Merge]
    package let byteIDs: [Int32]  // [256]
    /// Whether a piece that is a token is taken whole, without merging.
    package let ignoresMerges: Bool
    /// In order of id.
    package let addedTokens: [AddedToken]
    /// The token that `post_processor` puts before a text.
    package let beginToken: String?

    /// Reads and checks a file.
    package init(contentsOf url: URL) throws(TokenizationError) {
        let bytes: [UInt8]
        do {
            let size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
            guard size <= Self.byteLimit else {
                throw TokenizationError.unreadable(
                    file: url.path, reason: "found \(size) bytes, expected at most \(Self.byteLimit)")
            }
            bytes = [UInt8](try Data(contentsOf: url, options: .mappedIfSafe))
        } catch let error as TokenizationError {
            throw error
        } catch {
            throw .unreadable(file: url.path, reason: error.localizedDescription)
        }
        try self.init(bytes)
    }

    /// Checks the bytes of a file.
    package init(_ bytes: [UInt8]) throws(TokenizationError) {
        self = try bytes.withUnsafeBufferPointer { (bytes) throws(TokenizationError) in
            try Self(text: UnsafeRawBufferPointer(bytes))
        }
    }

    private init(text: UnsafeRawBufferPointer) throws(TokenizationError) {
        let fields: Fields
        do throws(JSONFault) {
            fields = try Fields(text)
        } catch {
            throw TokenizationError(error)
        }
        guard fields.hasModel else {
            throw .field(path: "model", found: "absent", expected: "a BPE model")
        }
        try PipelineCheck.model(fields.model)
        beginToken = try PipelineCheck.pipeline(fields.pipeline)
        ignoresMerges = fields.model["ignore_merges"] == .bool(true)

        var builder = TokenTableBuilder()
        let added = try Self.addedTokens(fields.added)
        try builder.readVocabulary(fields.vocabulary)
        try builder.add(added)
        let table = try builder.finish()
        merges = try table.readMerges(fields.merges)
        byteIDs = try table.byteIDs()
        for token in added where token.isSpecial && byteIDs.contains(token.id) {
            throw .field(
                path: "added_tokens", found: "special token \(quoted(token.content)), which is a single byte",
                expected: "control tokens that text does not need")
        }
        storage = table.storage
        places = table.places
        modelIDs = table.modelIDs
        addedTokens = added.sorted { $0.id < $1.id }
        if let beginToken, !addedTokens.contains(where: { $0.content == beginToken }) {
            throw .field(
                path: "post_processor", found: "token \(quoted(beginToken))", expected: "one of added_tokens")
        }
    }

    /// The parts of the file as they stand in it.
    private struct Fields {
        var pipeline: [String: JSON] = [:]
        var model: [String: JSON] = [:]
        var hasModel = false
        /// Scanners before the value of `model.vocab` and of `model.merges`, which are too large for a tree.
        var vocabulary: JSONScanner?
        var merges: JSONScanner?
        var added = JSON.null

        init(_ text: UnsafeRawBufferPointer) throws(JSONFault) {
            var scanner = try JSONScanner(text)
            var keys: Set<String> = []
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                try require(new: key, in: &keys, scanner)
                switch key {
                case "normalizer", "pre_tokenizer", "post_processor", "decoder": pipeline[key] = try JSON(&scanner)
                case "added_tokens": added = try JSON(&scanner)
                case "model": try readModel(&scanner)
                default: try scanner.skip()
                }
            }
            try scanner.end()
        }

        private mutating func readModel(_ scanner: inout JSONScanner) throws(JSONFault) {
            hasModel = true
            var keys: Set<String> = []
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                try require(new: key, in: &keys, scanner)
                switch key {
                case "vocab":
                    vocabulary = scanner
                    try scanner.skip()
                case "merges":
                    merges = scanner
                    try scanner.skip()
                default: model[key] = try JSON(&scanner)
                }
            }
        }

        private func require(new key: String, in keys: inout Set<String>, _ scanner: JSONScanner) throws(JSONFault) {
            guard keys.insert(key).inserted else {
                throw JSONFault(offset: scanner.offset, found: "key \(quoted(key)) twice", expected: "every key once")
            }
        }
    }

    private static func addedTokens(_ value: JSON) throws(TokenizationError) -> [AddedToken] {
        if value == .null { return [] }
        guard case .array(let entries) = value else {
            throw .field(path: "added_tokens", found: value.summary, expected: "an array")
        }
        var tokens: [AddedToken] = []
        for entry in entries {
            let path = "added_tokens[\(tokens.count)]"
            guard case .string(let content) = entry["content"], !content.isEmpty else {
                throw .field(path: path + ".content", found: entry["content"].summary, expected: "a spelling")
            }
            guard let id = entry["id"]?.wholeNumber.flatMap(Int32.init(exactly:)), id >= 0 else {
                throw .field(path: path + ".id", found: entry["id"].summary, expected: "an id, 0 or more")
            }
            for flag in ["single_word", "lstrip", "rstrip"] where entry[flag] == .bool(true) {
                throw .field(
                    path: "\(path).\(flag)", found: "true for \(quoted(content))",
                    expected: "false (tokens are matched exactly as spelled)")
            }
            tokens.append(
                AddedToken(
                    id: id, content: content, isSpecial: entry["special"] == .bool(true),
                    isNormalized: entry["normalized"] == .bool(true)))
        }
        return tokens
    }
}
