// Engines on the tiny checkpoint, and requests with answers that can be compared bit for bit.

import Checkpoint
import Compute
import Engine
import Foundation
import Grammar
import Model
import TestSupport
import Tokenization

/// The tiny NVFP4 checkpoint: 512 tokens, two layers, images of 64 x 64 tiles that become 4 rows each.
struct EngineHarness {
    static let tileBytes = 3 * 64 * 64
    static let tileTokens = 4

    let model: NemotronNanoVL
    let tokenizer: Tokenizer

    init(_ folder: URL = Goldens.checkpoint("nvfp4")) throws {
        let folder = try CheckpointFolder(at: folder)
        model = try NemotronNanoVL(folder)
        tokenizer = try Tokenizer(contentsOf: folder.tokenizerURL)
    }

    func engine(_ options: EngineOptions = EngineOptions(context: 256)) throws -> Engine {
        try Engine(model: model, tokenizer: tokenizer, backend: CPUBackend(precision: .w4a16), options: options)
    }

    /// The tokens as a grammar sees them.
    var tokenVocabulary: TokenVocabulary {
        let count = model.language.shape.vocabulary
        let tokens = (0..<Int32(count)).map { id -> [UInt8] in
            Int(id) >= tokenizer.count || tokenizer.isSpecial(id) ? [] : Array(tokenizer.bytes(of: id))
        }
        return TokenVocabulary(tokens: tokens, ends: [448])
    }

    /// An image of noise; equal seeds and counts give equal images.
    static func image(_ seed: Int, tiles: Int) -> ImageTiles {
        var random = SeededGenerator(seed &+ 1000)
        return ImageTiles(
            tiles: tiles, pixels: (0..<tiles * tileBytes).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    static func prompt(_ seed: Int32, _ count: Int32) -> [Int32] { (0..<count).map { ($0 * 7 + seed * 31) % 440 } }
}

/// Everything an answer consists of.
struct Outcome: Equatable {
    var tokens: [Int32] = []
    var text = ""
    var logprobs: [UInt32] = []  // bit patterns
    var reason: Completion.Reason?
    var timings = Timings()

    static func == (one: Outcome, other: Outcome) -> Bool {
        one.tokens == other.tokens && one.text == other.text && one.logprobs == other.logprobs
            && one.reason == other.reason
    }
}

extension Engine {
    func outcome(_ request: GenerationRequest) async throws -> Outcome { try await Outcome(submit(request)) }

    /// All requests at once; the outcome or the error of each.
    func outcomes(_ requests: [GenerationRequest]) async -> [Result<Outcome, any Error>] {
        let tasks = requests.map { request in Task { try await self.outcome(request) } }
        var results: [Result<Outcome, any Error>] = []
        for task in tasks { results.append(await task.result) }
        return results
    }
}

extension Outcome {
    /// All that the stream delivers.
    init(_ deltas: AsyncThrowingStream<Delta, any Error>) async throws {
        self.init()
        for try await delta in deltas {
            switch delta {
            case .stage: continue
            case .token(let token):
                tokens.append(token.id)
                text += token.text
                for entry in [token.logprob?.chosen].compactMap(\.self) + (token.logprob?.top ?? []) {
                    logprobs += [UInt32(bitPattern: entry.id), entry.logprob.bitPattern]
                }
            case .finished(let completion):
                text += completion.text
                reason = completion.reason
                timings = completion.timings
            }
        }
    }
}

/// The set of these ids.
func mask(_ vocabulary: Int, _ ids: some Swift.Sequence<Int32>) -> TokenMask {
    var mask = TokenMask(count: vocabulary)
    for id in ids { mask.insert(id) }
    return mask
}
