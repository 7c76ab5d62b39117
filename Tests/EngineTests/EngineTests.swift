import Engine
import Grammar
import Testing

/// One request at a time: contexts filled, prefixes and images reused, ends recognised.
struct EngineTests {
    private let harness: EngineHarness

    init() throws { harness = try EngineHarness() }

    private func prompt(_ seed: Int32, _ count: Int32) -> [Int32] { EngineHarness.prompt(seed, count) }

    @Test func anAnswerFillsTheContextAndNoMore() async throws {
        let engine = try harness.engine(EngineOptions(context: 64))
        let found = try await engine.outcome(GenerationRequest(prompt: prompt(3, 50)))
        #expect(found.reason == .length && found.tokens.count == 14)
        let full = GenerationRequest(prompt: prompt(3, 64))
        await #expect(throws: EngineError.contextLength(prompt: 64, limit: 64)) { try await engine.outcome(full) }
        await #expect(throws: EngineError.self) { try await engine.outcome(GenerationRequest(prompt: [])) }
        let none = try await engine.outcome(GenerationRequest(prompt: [1], maxTokens: 0))
        #expect(none.reason == .length && none.tokens.isEmpty)
    }

    @Test func aCommonBeginningIsComputedOnceAndChangesNothing() async throws {
        let engine = try harness.engine()
        let first = GenerationRequest(prompt: prompt(4, 100), maxTokens: 10)
        let cold = try await engine.outcome(first)
        let warm = try await engine.outcome(first)
        #expect(cold.timings.cachedTokens == 0 && warm.timings.cachedTokens == 96 && warm == cold)
        // A conversation's next turn repeats prompt and answer, then goes on.
        let turn = GenerationRequest(prompt: first.prompt + cold.tokens + prompt(5, 20), maxTokens: 10)
        let continued = try await engine.outcome(turn)
        let alone = try await harness.engine().outcome(turn)
        #expect(continued.timings.cachedTokens == 96 && continued == alone)
        var salted = first
        salted.cacheSalt = "another tenant"
        let apart = try await engine.outcome(salted)
        #expect(apart.timings.cachedTokens == 0 && apart == cold)
    }

    @Test func pagesAreEvictedWhenOthersNeedThem() async throws {
        let engine = try harness.engine(EngineOptions(context: 128))
        for seed in Int32(0)..<8 {
            let request = GenerationRequest(prompt: prompt(seed, 100), maxTokens: 6)
            let found = try await engine.outcome(request)
            let alone = try await harness.engine(EngineOptions(context: 128)).outcome(request)
            #expect(found == alone && found.tokens.count == 6, "prompt \(seed)")
        }
    }

    @Test func anImageIsEmbeddedOnceAndNotAtAllBehindACachedPrefix() async throws {
        let engine = try harness.engine()
        let image = GenerationRequest.Image(rows: Array(2..<14), content: EngineHarness.image(1, tiles: 3))
        func ask(_ start: Int32, _ question: Int32) async throws -> (Outcome, [Stage]) {
            let prompt = [start, start] + [Int32](repeating: 450, count: 12) + prompt(question, 20)
            let request = GenerationRequest(prompt: prompt, images: [image], maxTokens: 4)
            var stages: [Stage] = []
            for try await delta in engine.submit(request) { if case .stage(let stage) = delta { stages.append(stage) } }
            return (try await engine.outcome(request), stages.filter { if case .vision = $0 { true } else { false } })
        }
        let (_, first) = try await ask(5, 1)
        #expect(first == (1...3).map { .vision(tile: $0, of: 3) })
        let (_, second) = try await ask(6, 2)  // another beginning: the embeddings are used again
        #expect(second.isEmpty && engine.statistics.totals.tiles == 3)
        #expect(engine.statistics.totals.imageHits == 1 && engine.statistics.totals.imageQueries == 2)
        #expect(engine.statistics.imageCacheBytes == 12 * 128 * 4)
    }

    @Test func stopTokensEndAnAnswerAndAreCounted() async throws {
        let engine = try harness.engine()
        let free = try await engine.outcome(GenerationRequest(prompt: prompt(6, 30), maxTokens: 10))
        let stop = free.tokens[4]
        let first = free.tokens.firstIndex(of: stop) ?? 4
        var request = GenerationRequest(prompt: prompt(6, 30), maxTokens: 10, stopTokens: [stop])
        let found = try await engine.outcome(request)
        #expect(found.reason == .stop && found.tokens == Array(free.tokens[...first]))
        request.minTokens = first + 2
        let longer = try await engine.outcome(request)
        #expect(longer.tokens.count >= first + 2 && longer.tokens[first] != stop)
    }

    @Test func aStopStringCountsOnlyAfterTheLeastTokens() async throws {
        let engine = try harness.engine()
        // What random weights write differs with the instructions; one of a few answers has a letter.
        var found: (seed: Int32, free: Outcome, letter: Character)?
        for seed in Int32(8)..<24 where found == nil {
            let free = try await engine.outcome(GenerationRequest(prompt: prompt(seed, 30), maxTokens: 12))
            found = free.text.first { $0.isASCII && $0.isLetter }.map { (seed, free, $0) }
        }
        let (seed, free, letter) = try #require(found)
        var request = GenerationRequest(prompt: prompt(seed, 30), maxTokens: 12, stopStrings: [String(letter)])
        var completion: Completion?
        for try await delta in engine.submit(request) { if case .finished(let end) = delta { completion = end } }
        #expect(completion?.stopString == String(letter) && completion?.stopToken == nil)
        request.minTokens = 12
        let whole = try await engine.outcome(request)
        #expect(whole.text == free.text && whole.tokens == free.tokens)
    }

    @Test func aConstraintIsObeyedAndEndsTheAnswer() async throws {
        let engine = try harness.engine()
        var request = GenerationRequest(
            prompt: prompt(9, 20), maxTokens: 9, stopTokens: Set(440..<512), constraint: ToyConstraint(vocabulary: 512))
        let found = try await engine.outcome(request)
        #expect(zip(found.tokens.prefix(6), 0...).allSatisfy { $0 < 440 && $0 % 2 == $1 % 2 })
        #expect(found.tokens.count >= 6)
        // A constraint that is complete and allows nothing more ends the answer without a further token.
        request.constraint = FixedConstraint(remaining: [5, 6, 7])
        let fixed = try await engine.outcome(request)
        #expect(fixed.tokens == [5, 6, 7] && fixed.reason == .stop)
        request.constraint = FixedConstraint(remaining: [5, -1])
        await #expect(throws: EngineError.deadEnd(tokens: 1)) { try await engine.outcome(request) }
    }

    @Test func anAnswerFollowsASchemaWithAndWithoutGuesses() async throws {
        let schema = #"""
            {"type": "object", "properties": {"paid": {"type": "boolean"}, "unit": {"enum": ["EUR", "US dollars"]}},
             "required": ["paid", "unit"], "additionalProperties": false}
            """#
        let masks = TokenMasks(try Grammar(.jsonSchema(Array(schema.utf8))), for: harness.tokenVocabulary)
        var answers: Set<String> = []
        for seed in Int32(0)..<6 {
            var request = GenerationRequest(
                prompt: prompt(seed, 20), sampling: SamplingParameters(temperature: 1, seed: UInt64(seed)),
                maxTokens: 200, stopTokens: [448], logprobs: 1, constraint: GrammarConstraint(masks.matcher()))
            let engine = try harness.engine()
            let found = try await engine.outcome(request)
            #expect(found.reason == .stop && masks.grammar.accepts(found.text.utf8), "\(found.text)")
            request.speculates = true
            let guessed = try await engine.outcome(request)
            #expect(guessed == found)
            answers.insert(found.text)
        }
        #expect(answers.count > 1)
    }

    @Test func guessesAreMadeOnRequestAndCounted() async throws {
        let engine = try harness.engine(EngineOptions(context: 512))
        // Bias makes the answer repeat itself, which is what guesses live from.
        let sampling = SamplingParameters(logitBias: [10: 30])
        var request = GenerationRequest(prompt: prompt(1, 20), sampling: sampling, maxTokens: 60, logprobs: 2)
        let plain = try await engine.outcome(request)
        let steps = engine.statistics.totals.steps
        request.speculates = true
        let guessed = try await engine.outcome(request)
        #expect(guessed == plain && plain.timings.draftedTokens == 0)
        #expect(guessed.timings.acceptedTokens > 30 && guessed.timings.draftedTokens >= guessed.timings.acceptedTokens)
        #expect(engine.statistics.totals.steps - steps < 30)
    }

    @Test func timesAddUp() async throws {
        let engine = try harness.engine()
        let start = ContinuousClock.now
        let timings = try await engine.outcome(GenerationRequest(prompt: prompt(2, 100), maxTokens: 20)).timings
        let all = (ContinuousClock.now - start) / .seconds(1)
        #expect(timings.promptTokens == 100 && timings.completionTokens == 20 && timings.preemptions == 0)
        #expect(timings.prefillSeconds > 0 && timings.decodeSeconds > 0 && timings.queueSeconds >= 0)
        #expect(timings.timeToFirstToken + 1e-6 >= timings.prefillSeconds + timings.queueSeconds)
        #expect(timings.timeToFirstToken + timings.decodeSeconds <= all)
    }
}

/// One text and no other; a negative token stands for a mistake of the constraint's author.
private struct FixedConstraint: TokenConstraint {
    var remaining: [Int32]

    var isComplete: Bool { remaining.isEmpty }
    func allowedTokens() -> TokenMask { mask(512, remaining.prefix(1)) }
    mutating func advance(by token: Int32) { remaining.removeFirst() }
}
