// The size of a tokenizer.json, without building a tokenizer.

package import Foundation
import JSONText

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
            var scanner = try JSONScanner(mapping.bytes)
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                switch key {
                case "model": highest = max(highest, try Self.highestOfModel(&scanner))
                case "added_tokens": highest = max(highest, try Self.highestOfAdded(&scanner))
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

    /// Highest id of `model.vocab`, -1 without any.
    private static func highestOfModel(_ scanner: inout JSONScanner) throws(JSONFault) -> Int {
        var highest = -1
        var spelling: [UInt8] = []
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            guard key == "vocab", try scanner.kind() == .object else {
                try scanner.skip()
                continue
            }
            try scanner.enterObject()
            while try scanner.nextKey(into: &spelling) { highest = max(highest, try scanner.count()) }
        }
        return highest
    }

    /// Highest id of `added_tokens`, -1 without any.
    private static func highestOfAdded(_ scanner: inout JSONScanner) throws(JSONFault) -> Int {
        var highest = -1
        try scanner.enterArray()
        while try scanner.nextElement() {
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                if key == "id" {
                    highest = max(highest, try scanner.count())
                } else {
                    try scanner.skip()
                }
            }
        }
        return highest
    }
}
