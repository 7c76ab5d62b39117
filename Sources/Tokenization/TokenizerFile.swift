// tokenizer.json, the Hugging Face form of a byte-level BPE tokenizer, read and checked. Does not encode.

package import Foundation

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
        var reader = try JSONReader(bytes)
        var fields = Fields()
        try reader.object { (reader, key) throws(TokenizationError) in
            switch key {
            case "normalizer", "pre_tokenizer", "post_processor", "decoder":
                fields.pipeline[key] = try reader.value()
            case "added_tokens":
                fields.added = try Self.addedTokens(&reader)
            case "model":
                try reader.object { (reader, key) throws(TokenizationError) in
                    switch key {
                    case "vocab": fields.vocabPosition = reader.position
                    case "merges": fields.mergesPosition = reader.position
                    default:
                        fields.model[key] = try reader.value()
                        return
                    }
                    try reader.skipValue()
                }
                fields.hasModel = true
            default: try reader.skipValue()
            }
        }
        try reader.end()
        guard fields.hasModel else {
            throw .field(path: "model", found: "absent", expected: "a BPE model")
        }
        try PipelineCheck.model(fields.model)
        beginToken = try PipelineCheck.pipeline(fields.pipeline)
        ignoresMerges = fields.model["ignore_merges"] == .boolean(true)

        var builder = TokenTableBuilder()
        try builder.readVocabulary(&reader, at: fields.vocabPosition)
        try builder.add(fields.added)
        let table = try builder.finish()
        merges = try table.readMerges(&reader, at: fields.mergesPosition)
        byteIDs = try table.byteIDs()
        for token in fields.added where token.isSpecial && byteIDs.contains(token.id) {
            throw .field(
                path: "added_tokens", found: "special token \(quoted(token.content)), which is a single byte",
                expected: "control tokens that text does not need")
        }
        storage = table.storage
        places = table.places
        modelIDs = table.modelIDs
        addedTokens = fields.added.sorted { $0.id < $1.id }
        if let beginToken, !addedTokens.contains(where: { $0.content == beginToken }) {
            throw .field(
                path: "post_processor", found: "token \(quoted(beginToken))", expected: "one of added_tokens")
        }
    }

    private struct Fields {
        var pipeline: [String: JSONValue] = [:]
        var model: [String: JSONValue] = [:]
        var hasModel = false
        var vocabPosition: Int?
        var mergesPosition: Int?
        var added: [AddedToken] = []
    }

    private static func addedTokens(_ reader: inout JSONReader) throws(TokenizationError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        if reader.peek() == UInt8(ascii: "n") {
            _ = try reader.value()
            return []
        }
        try reader.array { (reader) throws(TokenizationError) in
            let path = "added_tokens[\(tokens.count)]"
            let entry = try reader.value()
            guard case .string(let content) = entry["content"], !content.isEmpty else {
                throw .field(path: path + ".content", found: entry["content"].summary, expected: "a spelling")
            }
            guard case .number(let number) = entry["id"], let id = Int32(exactly: number), id >= 0 else {
                throw .field(path: path + ".id", found: entry["id"].summary, expected: "an id, 0 or more")
            }
            for flag in ["single_word", "lstrip", "rstrip"] where entry[flag] == .boolean(true) {
                throw .field(
                    path: "\(path).\(flag)", found: "true for \(quoted(content))",
                    expected: "false (tokens are matched exactly as spelled)")
            }
            tokens.append(
                AddedToken(
                    id: id, content: content, isSpecial: entry["special"] == .boolean(true),
                    isNormalized: entry["normalized"] == .boolean(true)))
        }
        return tokens
    }
}
