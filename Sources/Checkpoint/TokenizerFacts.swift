// The size of a tokenizer.json, without building a tokenizer.

package import Foundation

/// What must fit the embedding: how many ids the tokenizer has and which is the highest.
package struct TokenizerFacts: Sendable, Hashable {
    package let url: URL
    package let byteCount: Int
    /// Entries of `model.vocab` and `added_tokens` with different ids.
    package let highestID: Int

    /// Scans a tokenizer.json.
    /// - Throws: when it is not JSON, or names no token.
    package init(file url: URL) throws(CheckpointError) {
        let mapping = try MappedFile(url)
        var highest = -1
        do throws(JSONFault) {
            var scanner = JSONScanner(mapping.bytes)
            try scanner.object { (key, scanner) throws(JSONFault) in
                switch key {
                case "model":
                    try scanner.object { (key, scanner) throws(JSONFault) in
                        guard key == "vocab", try scanner.kind() == .object else { return try scanner.skip() }
                        try scanner.object { (_, scanner) throws(JSONFault) in
                            highest = max(highest, try scanner.count())
                        }
                    }
                case "added_tokens":
                    try scanner.array { (scanner) throws(JSONFault) in
                        try scanner.object { (key, scanner) throws(JSONFault) in
                            guard key == "id" else { return try scanner.skip() }
                            highest = max(highest, try scanner.count())
                        }
                    }
                default: try scanner.skip()
                }
            }
            try scanner.end()
        } catch {
            throw .file(mapping.path, found: "\(error.found) at byte \(error.offset)", expected: error.expected)
        }
        guard highest >= 0 else {
            throw .file(mapping.path, found: "no tokens", expected: "ids under model.vocab")
        }
        self.url = url
        self.byteCount = mapping.byteCount
        self.highestID = highest
    }
}
