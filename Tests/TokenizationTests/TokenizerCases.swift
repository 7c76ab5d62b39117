// The reference ids and texts that the tokenizer tests read. Knows no tokenizer.

import Foundation
import TestSupport

/// Cases of Hugging Face `tokenizers` 0.21.4 for one vocabulary.
struct TokenizerCases: Decodable {
    struct Encoding: Decodable {
        var text: String
        var ids: [Int32]
        var decoded: String
        var decoded_skip_special: String
        /// Given for sequences of at most 40 ids.
        var stream: [String?]?
    }

    struct Decoding: Decodable {
        var ids: [Int32]
        var decoded: String
        var decoded_skip_special: String
        var stream: [String?]
    }

    var vocab_size: Int
    var encode: [Encoding]
    var decode_random_ids: [Decoding]

    init(_ url: URL) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url))
    }
}

/// One of the 600 cases on the Llama-3.1 vocabulary.
struct Llama3Case: Decodable {
    var text: String
    var special: Bool
    var ids: [Int32]
}

enum Fixture {
    static let folder = Goldens.fixtures.appending(path: "tokenizer")
    static let tokenizer = folder.appending(path: "tokenizer.json")

    /// The tiny `tokenizer.json` as text, for tests that damage it.
    static func text() throws -> String { try String(contentsOf: tokenizer, encoding: .utf8) }
}

/// A small deterministic generator (SplitMix64), so that a failing case can be repeated.
struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
