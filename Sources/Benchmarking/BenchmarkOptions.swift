// What is measured, how large and how often. Knows nothing of how.

import Compute

package struct BenchmarkOptions: Sendable {
    package enum Part: String, Sendable, CaseIterable {
        case load, decode, prefill, vision, tokenizer, image

        /// Whether its figures are set against bandwidth or multiply-adds.
        var isBoundedByTheMachine: Bool { self == .decode || self == .prefill || self == .vision }
    }

    package var parts: Set<Part> = Set(Part.allCases)
    /// Tokens in the cache of each sequence that is decoded.
    package var contexts: [Int]
    /// Sequences decoded at once, at `batchContext`.
    package var batches: [Int]
    /// Prompt lengths, tokens.
    package var prompts: [Int]
    /// Tiles embedded one after the other.
    package var tiles: [Int]
    /// Bytes of text the tokenizer encodes.
    package var textBytes: Int
    /// Repeats of the machine's limits, each time they are measured.
    package var limitRepeats: Int
    /// For what takes well under a second.
    package var short: Repetition
    /// For what may take a minute.
    package var long: Repetition

    package static let batchContext = 512

    package static let full = BenchmarkOptions(
        contexts: [128, 512, 2048, 8192], batches: [4, 8], prompts: [128, 512, 2048, 3328], tiles: [1, 5, 13],
        textBytes: 8 << 20, limitRepeats: 7, short: Repetition(least: 5, most: 64, seconds: 10),
        long: Repetition(least: 3, most: 9, seconds: 20))

    package static let quick = BenchmarkOptions(
        contexts: [128, 512, 2048], batches: [], prompts: [128, 512], tiles: [1, 5], textBytes: 2 << 20,
        limitRepeats: 3, short: Repetition(least: 3, most: 16, seconds: 3),
        long: Repetition(least: 1, most: 3, seconds: 5))
}
