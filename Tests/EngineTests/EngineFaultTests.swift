import Checkpoint
import Compute
import Engine
import Foundation
import TestSupport
import Testing

/// What goes wrong in one request, or in one step, harms no other.
struct EngineFaultTests {
    private let harness: EngineHarness

    init() throws { harness = try EngineHarness() }

    private func prompt(_ seed: Int32, _ count: Int32) -> [Int32] { EngineHarness.prompt(seed, count) }

    /// An engine busy with a request that takes longer than any test.
    private func busy(_ engine: Engine) -> Task<Void, any Error> {
        Task {
            for try await _ in engine.submit(GenerationRequest(prompt: [1, 2, 3])) {}
        }
    }

    private func wait(until condition: () -> Bool) async throws {
        for _ in 0..<2000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
        #expect(condition())
    }

    @Test func whatIsAtFaultIsRefusedBeforeItSharesAStep() async throws {
        let engine = try harness.engine()
        let image = EngineHarness.image(1, tiles: 2)
        let cases: [(GenerationRequest, String)] = [
            (GenerationRequest(prompt: [1, 512]), "prompt token is 512"),
            (GenerationRequest(prompt: [-1]), "prompt token is -1"),
            (GenerationRequest(prompt: [1], sampling: SamplingParameters(logitBias: [512: 1])), "logit_bias token"),
            (
                GenerationRequest(prompt: [1], sampling: SamplingParameters(logitBias: [5: .nan])),
                "logit_bias of token 5"
            ),
            (GenerationRequest(prompt: [1], maxTokens: -1), "max_tokens is -1"),
            (GenerationRequest(prompt: [1], maxTokens: 5, minTokens: 6), "min_tokens is 6"),
            (GenerationRequest(prompt: [1], logprobs: -1), "logprobs is -1"),
            (
                GenerationRequest(prompt: prompt(1, 20), images: [.init(rows: Array(0..<7), content: image)]),
                "7 rows for an image whose tiles become 8"
            ),
            (
                GenerationRequest(prompt: prompt(1, 20), images: [.init(rows: Array(13..<21), content: image)]),
                "image row is 20"
            ),
            (
                GenerationRequest(
                    prompt: prompt(1, 20), images: [.init(rows: [0, 1, 2, 3, 4, 5, 6, 6], content: image)]),
                "image row is 6"
            ),
            (
                GenerationRequest(
                    prompt: prompt(1, 20),
                    images: [.init(rows: Array(0..<8), content: ImageTiles(tiles: 2, pixels: [1, 2, 3]))]),
                "image of 2 tiles is 3 bytes"
            ),
        ]
        for (request, message) in cases {
            let error = await #expect(throws: EngineError.self) { try await engine.outcome(request) }
            #expect(error?.description.contains(message) == true, "\(message): \(error?.description ?? "")")
        }
        #expect(engine.statistics.failed == ["parameter": cases.count] && engine.statistics.totals.steps == 0)
    }

    @Test func whoComesWhenTooManyWaitIsRefusedAtOnce() async throws {
        var options = EngineOptions(context: 4096, running: 1, maxWaiting: 2)
        options.cacheTokens = 4096
        let engine = try harness.engine(options)
        let first = busy(engine)
        try await wait { engine.statistics.running == 1 }
        let others = [busy(engine), busy(engine)]
        try await wait { engine.statistics.waiting == 2 }
        await #expect(throws: EngineError.overloaded(waiting: 2, limit: 2)) {
            try await engine.outcome(GenerationRequest(prompt: [1]))
        }
        for task in [first] + others { task.cancel() }
        try await wait { engine.statistics.running == 0 && engine.statistics.waiting == 0 }
        let after = try await engine.outcome(GenerationRequest(prompt: [1], maxTokens: 1))
        await engine.drain()
        #expect(after.tokens.count == 1 && engine.statistics.failed == ["overloaded": 1])
        #expect(engine.statistics.cancelled == 3 && engine.statistics.pagesUsed == 0)
    }

    @Test func promptTokensThatWaitAreLimitedToo() async throws {
        let engine = try harness.engine(EngineOptions(context: 65_536, running: 1, maxWaitingTokens: 100))
        let first = busy(engine)  // for minutes, were it not cancelled
        try await wait { engine.statistics.running == 1 }
        let second = Task { try await engine.outcome(GenerationRequest(prompt: prompt(1, 200), maxTokens: 1)) }
        try await wait { engine.statistics.waiting == 1 }  // one may wait, whatever its size
        await #expect(throws: EngineError.overloadedTokens(waiting: 200, limit: 100)) {
            try await engine.outcome(GenerationRequest(prompt: [1]))
        }
        first.cancel()
        #expect(try await second.value.tokens.count == 1)
    }

    @Test func deadlinesEndRequestsThatRunAndThatWait() async throws {
        let engine = try harness.engine(EngineOptions(context: 4096, running: 1))
        // Submitting waits for nothing: the first of the two runs, the other waits for it.
        let first = engine.submit(GenerationRequest(prompt: [1, 2, 3], deadline: .now + .milliseconds(800)))
        let second = engine.submit(GenerationRequest(prompt: [1, 2, 3], startDeadline: .now + .milliseconds(50)))
        let stale = await #expect(throws: EngineError.self) { try await Outcome(second) }
        guard case .deadlineExceeded(let seconds, hasStarted: false) = stale else {
            Issue.record("\(stale as Any)")
            return
        }
        #expect(seconds >= 0.05)
        do {
            _ = try await Outcome(first)
            Issue.record("the deadline passed unnoticed")
        } catch {
            guard case EngineError.deadlineExceeded(_, hasStarted: true) = error else { throw error }
        }
        await engine.drain()
        #expect(engine.statistics.failed == ["deadline": 2])
    }

    @Test func drainingFinishesWhatIsUnderWayAndTakesNoMore() async throws {
        let engine = try harness.engine(EngineOptions(context: 512, running: 2))
        let tasks = (0..<5).map { seed in
            Task { try await engine.outcome(GenerationRequest(prompt: prompt(seed, 20), maxTokens: 50)) }
        }
        try await wait { engine.statistics.running + engine.statistics.waiting + engine.statistics.finished == 5 }
        await engine.drain()
        await #expect(throws: EngineError.stopped) { try await engine.outcome(GenerationRequest(prompt: [1])) }
        for task in tasks { #expect(try await task.value.tokens.count == 50) }
        await engine.drain()  // again: at once
    }

    @Test func stoppingEndsEverythingAtOnce() async throws {
        let engine = try harness.engine(EngineOptions(context: 4096, running: 1))
        let tasks = [busy(engine), busy(engine)]
        try await wait { engine.statistics.running == 1 && engine.statistics.waiting == 1 }
        await engine.stop()
        for task in tasks { await #expect(throws: EngineError.stopped) { try await task.value } }
        #expect(engine.statistics.pagesUsed == 0 && engine.statistics.inconsistencies == 0)
    }

    @Test func anEngineThatIsReleasedFinishesWhatWasSubmitted() async throws {
        var engine: Engine? = try harness.engine(EngineOptions(context: 512))
        let streams = (0..<3).compactMap { seed in
            engine?.submit(GenerationRequest(prompt: prompt(seed, 20), maxTokens: 20))
        }
        engine = nil
        for stream in streams {
            var tokens = 0
            for try await delta in stream { if case .token = delta { tokens += 1 } }
            #expect(tokens == 20)
        }
    }

    @Test func anErrorInAStepEndsTheRequestsOfThatStepOnly() async throws {
        let backend = FaultyBackend(try CPUBackend(precision: .w4a16))
        let engine = try Engine(
            model: harness.model, tokenizer: harness.tokenizer, backend: backend, options: EngineOptions(context: 256))
        let request = GenerationRequest(prompt: prompt(1, 60), maxTokens: 30)
        let before = try await engine.outcome(request)
        backend.fail("cachedAttention", call: 9)
        await #expect(throws: ComputeError.self) { try await engine.outcome(request) }
        let after = try await engine.outcome(request)
        #expect(after == before && after.timings.cachedTokens > 0)
        await engine.drain()
        #expect(engine.statistics.failed == ["backend": 1] && engine.statistics.pagesUsed == 0)
    }

    @Test func theLargestLogitIsLookedForWhereNothingElseDecides() async throws {
        func fails(_ options: EngineOptions, _ request: GenerationRequest) async throws -> Bool {
            let backend = FaultyBackend(try CPUBackend(precision: .w4a16))
            let engine = try Engine(
                model: harness.model, tokenizer: harness.tokenizer, backend: backend, options: options)
            backend.fail("largest", call: 3)
            do { return try await engine.outcome(request).tokens.isEmpty } catch is ComputeError { return true }
        }
        let options = EngineOptions(context: 256)
        let greedy = GenerationRequest(prompt: prompt(1, 30), maxTokens: 6)
        #expect(try await fails(options, greedy))
        #expect(try await !fails(EngineOptions(context: 256, readsLargestLogit: false), greedy))
        let others = [
            GenerationRequest(prompt: prompt(1, 30), sampling: SamplingParameters(temperature: 1), maxTokens: 6),
            GenerationRequest(prompt: prompt(1, 30), sampling: SamplingParameters(logitBias: [7: 1]), maxTokens: 6),
            GenerationRequest(prompt: prompt(1, 30), maxTokens: 6, logprobs: 0),
            GenerationRequest(prompt: prompt(1, 30), maxTokens: 6, minTokens: 6, stopTokens: [3]),
            GenerationRequest(prompt: prompt(1, 30), maxTokens: 6, constraint: ToyConstraint(vocabulary: 512)),
        ]
        for request in others { #expect(try await !fails(options, request)) }
    }

    @Test func anErrorInATileEndsItsRequestOnly() async throws {
        let backend = FaultyBackend(try CPUBackend(precision: .w4a16))
        let engine = try Engine(
            model: harness.model, tokenizer: harness.tokenizer, backend: backend, options: EngineOptions(context: 256))
        let image = GenerationRequest.Image(rows: Array(0..<12), content: EngineHarness.image(3, tiles: 3))
        let seeing = GenerationRequest(prompt: prompt(2, 40), images: [image], maxTokens: 5)
        let reading = GenerationRequest(prompt: prompt(3, 40), maxTokens: 40)
        let expected = try await harness.engine().outcomes([seeing, reading]).map { try $0.get() }
        try #require(expected.count == 2)
        backend.fail("patchify", call: 2)
        let found = await engine.outcomes([seeing, reading])
        #expect(throws: ComputeError.self) { try found[0].get() }
        #expect(try found[1].get() == expected[1])
        let again = try await engine.outcome(seeing)
        #expect(again == expected[0] && engine.statistics.inconsistencies == 0)
    }

    /// A folder whose token 439 embeds to NaN.
    private func brokenFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder(copying: Goldens.checkpoint("nvfp4"))
        let url = folder.url.appending(path: "model.safetensors")
        let offset: Int
        do {
            let file = try SafetensorsFile(mapping: url)
            let table = try file.tensor("language_model.model.embed_tokens.weight")
            let start = try #require(file.mapping.bytes.baseAddress)
            offset = try #require(table.bytes.baseAddress) - start + 439 * 128 * 2
        }
        var bytes = try Data(contentsOf: url)
        bytes.replaceSubrange(offset..<offset + 2, with: [0xC0, 0x7F])  // a bf16 NaN
        try bytes.write(to: url)
        return folder
    }

    @Test func noTokenFollowsALogitThatIsNotFiniteAndNobodyElseIsHarmed() async throws {
        let folder = try brokenFolder()
        let broken = try EngineHarness(folder.url)
        let engine = try broken.engine()
        let good = (0..<6).map { GenerationRequest(prompt: prompt($0, 40).map { $0 % 400 }, maxTokens: 20) }
        let bad = GenerationRequest(prompt: prompt(1, 40).map { $0 % 400 } + [439], maxTokens: 4)
        let expected = try await harness.engine().outcomes(good).map { try $0.get() }
        let found = await engine.outcomes(good + [bad])
        for (index, outcome) in expected.enumerated() where !outcome.tokens.contains(439) {
            #expect(try found[index].get() == outcome)
        }
        #expect(throws: EngineError.nonFiniteLogits(position: 41)) { try found[6].get() }
        let after = try await engine.outcome(good[1])
        #expect(after == expected[1] && engine.statistics.failed == ["non_finite": 1])
        // Alone, the largest logit is looked for instead of all.
        await #expect(throws: EngineError.nonFiniteLogits(position: 41)) { try await engine.outcome(bad) }
    }
}
