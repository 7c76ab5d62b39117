import Checkpoint
import Compute
import Engine
import Foundation
import Model
import TestSupport
import Testing
import Tokenization

/// The engine on the tiny NVFP4 checkpoint: queueing, cancelling, filling the context, reusing and evicting pages.
struct EngineTests {
    private func engine(context: Int = 256, folder: URL = Goldens.checkpoint("nvfp4"), chunk: Int = 64) throws -> Engine
    {
        let folder = try CheckpointFolder(at: folder)
        return try Engine(
            model: NemotronNanoVL(folder), tokenizer: Tokenizer(contentsOf: folder.tokenizerURL),
            backend: CPUBackend(precision: .w4a16),
            options: EngineOptions(context: context, prefillChunk: chunk))
    }

    private struct Outcome: Equatable {
        var tokens: [Int32] = []
        var reason: Completion.Reason?
        var cached = 0
    }

    private func run(_ request: GenerationRequest, on engine: Engine) async throws -> Outcome {
        var outcome = Outcome()
        for try await delta in engine.submit(request) {
            switch delta {
            case .stage: continue
            case .token(let token): outcome.tokens.append(token.id)
            case .finished(let completion):
                outcome.reason = completion.reason
                outcome.cached = completion.timings.cachedTokens
            }
        }
        return outcome
    }

    private func prompt(_ seed: Int32, _ count: Int32) -> [Int32] { (0..<count).map { ($0 * 7 + seed * 31) % 440 } }

    @Test func requestsSubmittedTogetherAnswerAsTheyDoAlone() async throws {
        let shared = try engine()
        let requests = (0..<6).map { GenerationRequest(prompt: prompt($0, 40), maxTokens: 12) }
        var alone: [[Int32]] = []
        for request in requests { alone.append(try await run(request, on: engine()).tokens) }
        let together = try await withThrowingTaskGroup(of: (Int, [Int32]).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, try await run(request, on: shared).tokens) }
            }
            return try await group.reduce(into: [Int: [Int32]]()) { $0[$1.0] = $1.1 }
        }
        for (index, tokens) in alone.enumerated() { #expect(together[index] == tokens, "request \(index)") }
    }

    @Test func aDroppedStreamStopsItsRequestAndHarmsNoOther() async throws {
        let engine = try engine()
        let request = GenerationRequest(prompt: prompt(1, 40), maxTokens: 200)
        var seen = 0
        for try await delta in engine.submit(request) {
            if case .token = delta { seen += 1 }
            if seen == 3 { break }
        }
        let next = GenerationRequest(prompt: prompt(2, 40), maxTokens: 8)
        let found = try await run(next, on: engine)
        let alone = try await run(next, on: self.engine())
        #expect(found.tokens == alone.tokens && found.reason == .length)
    }

    @Test func anAnswerFillsTheContextAndNoMore() async throws {
        let engine = try engine(context: 64)
        let found = try await run(GenerationRequest(prompt: prompt(3, 50)), on: engine)
        #expect(found.reason == .length && found.tokens.count == 14)
        let full = GenerationRequest(prompt: prompt(3, 64))
        await #expect(throws: EngineError.contextLength(prompt: 64, limit: 64)) { try await run(full, on: engine) }
        await #expect(throws: EngineError.self) { try await run(GenerationRequest(prompt: []), on: engine) }
    }

    @Test func aCommonBeginningIsComputedOnceAndChangesNothing() async throws {
        let engine = try engine()
        let first = GenerationRequest(prompt: prompt(4, 100), maxTokens: 10)
        let cold = try await run(first, on: engine)
        let warm = try await run(first, on: engine)
        #expect(cold.cached == 0 && warm.cached == 96 && warm.tokens == cold.tokens)
        // A conversation's next turn repeats prompt and answer, then goes on.
        let turn = GenerationRequest(prompt: first.prompt + cold.tokens + prompt(5, 20), maxTokens: 10)
        let continued = try await run(turn, on: engine)
        let alone = try await run(turn, on: self.engine())
        #expect(continued.cached == 96 && continued.tokens == alone.tokens)
    }

    @Test func pagesAreEvictedWhenOthersNeedThem() async throws {
        let engine = try engine(context: 128)
        for seed in Int32(0)..<8 {
            let request = GenerationRequest(prompt: prompt(seed, 100), maxTokens: 6)
            let found = try await run(request, on: engine)
            let alone = try await run(request, on: self.engine(context: 128))
            #expect(found.tokens == alone.tokens && found.tokens.count == 6, "prompt \(seed)")
        }
    }

    @Test func stopTokensEndAnAnswerAndAreCounted() async throws {
        let engine = try engine()
        let free = try await run(GenerationRequest(prompt: prompt(6, 30), maxTokens: 10), on: engine)
        let stop = free.tokens[4]
        let first = free.tokens.firstIndex(of: stop) ?? 4
        let request = GenerationRequest(prompt: prompt(6, 30), maxTokens: 10, stopTokens: [stop])
        let found = try await run(request, on: engine)
        #expect(found.reason == .stop && found.tokens == Array(free.tokens[...first]))
    }

    @Test func noTokenFollowsALogitThatIsNotFinite() async throws {
        let folder = try TemporaryFolder(copying: Goldens.checkpoint("nvfp4"))
        let url = folder.url.appending(path: "model.safetensors")
        let offset: Int
        do {
            let file = try SafetensorsFile(mapping: url)
            let norm = try file.tensor("language_model.model.norm.weight")
            let start = try #require(file.mapping.bytes.baseAddress)
            offset = try #require(norm.bytes.baseAddress) - start
        }
        var bytes = try Data(contentsOf: url)
        bytes.replaceSubrange(offset..<offset + 2, with: [0xC0, 0x7F])  // a bf16 NaN
        try bytes.write(to: url)
        let broken = try engine(folder: folder.url)
        await #expect(throws: EngineError.nonFiniteLogits(position: 30)) {
            try await run(GenerationRequest(prompt: prompt(7, 30), maxTokens: 4), on: broken)
        }
    }
}
