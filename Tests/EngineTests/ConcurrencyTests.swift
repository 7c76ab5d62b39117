import Engine
import Grammar
import Synchronization
import Testing

/// House rule 3: a request gives the same bits alone and in company, whatever the engine does to make room or haste.
struct ConcurrencyTests {
    /// A request of a family: families share beginnings and images.
    private static func request(_ number: Int, _ random: inout SeededGenerator) -> GenerationRequest {
        let family = Int.random(in: 0..<3, using: &random)
        var prompt = EngineHarness.prompt(Int32(family), Int32.random(in: 1...40, using: &random))
        var images: [GenerationRequest.Image] = []
        for place in 0..<Int.random(in: 0...2, using: &random) {
            let tiles = Int.random(in: 1...3, using: &random)
            let rows = Array(prompt.count..<prompt.count + tiles * EngineHarness.tileTokens)
            images.append(.init(rows: rows, content: EngineHarness.image(family * 2 + place, tiles: tiles)))
            prompt += [Int32](repeating: 450, count: rows.count)
        }
        prompt += (0..<Int.random(in: 1...20, using: &random)).map { _ in Int32.random(in: 0..<440, using: &random) }
        var sampling = SamplingParameters()
        if random.chance(40) {
            sampling = SamplingParameters(
                temperature: 0.8, topP: 0.95, topK: 40, repetitionPenalty: 1.1, frequencyPenalty: 0.2,
                presencePenalty: 0.1, logitBias: [7: 2], seed: UInt64(number))
        }
        return GenerationRequest(
            id: "request \(number)", prompt: prompt, images: images, sampling: sampling,
            maxTokens: Int.random(in: 1...40, using: &random), minTokens: 1, stopTokens: [3, 300],
            stopStrings: random.chance(30) ? ["e"] : [], logprobs: random.chance(70) ? 3 : nil,
            constraint: random.chance(20) ? ToyConstraint(vocabulary: 512) : nil,
            speculates: random.chance(50) ? random.chance(50) : nil, cacheSalt: random.chance(20) ? "salt" : "")
    }

    private static let variants: [(name: String, options: EngineOptions)] = [
        ("defaults", EngineOptions()),
        ("small steps", EngineOptions(stepTokens: 7, cacheTokens: 600)),
        ("preemption", EngineOptions(stepTokens: 64, cacheTokens: 192, drafts: 3)),
        ("no caches", EngineOptions(cacheTokens: 2000, usesPrefixCache: false, imageCacheBytes: 0)),
        ("every logit", EngineOptions(cacheTokens: 2000, readsLargestLogit: false)),
        ("guessing", EngineOptions(stepTokens: 100, cacheTokens: 4000, drafts: 6)),
        ("three at a time", EngineOptions(stepTokens: 33, cacheTokens: 800, running: 3, drafts: 2)),
    ]

    private func engine(_ harness: EngineHarness, _ options: EngineOptions) throws -> Engine {
        var options = options
        options.context = 192
        options.maxWaitingTokens = .max
        return try harness.engine(options)
    }

    @Test(arguments: 0..<6)
    func answersAreTheSameAloneAndInCompany(seed: Int) async throws {
        let harness = try EngineHarness()
        var random = SeededGenerator(seed)
        let requests = (0..<[2, 64, 24, 16, 40, 9][seed]).map { Self.request($0, &random) }
        let lonely = try engine(harness, EngineOptions(usesPrefixCache: false, imageCacheBytes: 0))
        var alone: [Outcome] = []
        for var request in requests {
            request.speculates = false
            alone.append(try await lonely.outcome(request))
        }
        for (name, options) in Self.variants {
            var statistics = try await self.statistics(harness, options, requests, alone, "\(name), seed \(seed)")
            // A starved machine may let the requests in one by one, so that none is in another's way.
            for _ in 0..<4 where name == "preemption" && requests.count > 20 && statistics.totals.preemptions == 0 {
                statistics = try await self.statistics(harness, options, requests, alone, "\(name), seed \(seed)")
            }
            #expect(statistics.inconsistencies == 0 && statistics.pagesUsed == 0 && statistics.running == 0)
            #expect(statistics.finished == requests.count, "\(name)")
            if name == "preemption", requests.count > 20 { #expect(statistics.totals.preemptions > 0) }
            if name == "defaults", requests.count > 20 { #expect(statistics.totals.prefixHits > 0) }
            if name == "guessing", requests.count > 20 { #expect(statistics.totals.accepted > 0) }
        }
    }

    /// Answers all requests at once, and says what the engine counted.
    private func statistics(
        _ harness: EngineHarness, _ options: EngineOptions, _ requests: [GenerationRequest], _ alone: [Outcome],
        _ run: String
    ) async throws -> EngineStatistics {
        let engine = try engine(harness, options)
        for (index, result) in await engine.outcomes(requests).enumerated() {
            let found = try result.get()
            #expect(found == alone[index], "\(run): \(requests[index].id)")
        }
        await engine.drain()
        return engine.statistics
    }

    /// Half of the clients leave at a random moment: everybody else's answer is untouched and nothing leaks.
    @Test(arguments: 0..<3)
    func leavingClientsHarmNobodyAndLeaveNothing(seed: Int) async throws {
        let harness = try EngineHarness()
        var random = SeededGenerator(100 + seed)
        let requests = (0..<40).map { Self.request($0, &random) }
        let engine = try self.engine(harness, EngineOptions(stepTokens: 50, cacheTokens: 400, drafts: 2))
        let patience = requests.map { _ in random.chance(50) ? Int.random(in: 0...12, using: &random) : Int.max }
        let stayed = await withTaskGroup(of: (Int, Outcome?).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask {
                    if patience[index] == .max { return (index, try? await engine.outcome(request)) }
                    var seen = 0
                    do {
                        for try await _ in engine.submit(request) {
                            seen += 1
                            if seen >= patience[index] { break }
                        }
                    } catch {}
                    return (index, nil)
                }
            }
            return await group.reduce(into: [Int: Outcome]()) { $0[$1.0] = $1.1 }
        }
        let lonely = try self.engine(harness, EngineOptions(usesPrefixCache: false))
        for (index, request) in requests.enumerated() where patience[index] == .max {
            let alone = try await lonely.outcome(request)
            #expect(stayed[index] == alone, "\(request.id)")
        }
        await engine.drain()
        let statistics = engine.statistics
        #expect(statistics.pagesUsed == 0 && statistics.inconsistencies == 0 && statistics.failed.isEmpty)
        #expect(statistics.finished + statistics.cancelled == requests.count)
    }

    @Test func anEnginesLogReplaysToTheSameDecisions() async throws {
        let log = Mutex<[SchedulerRecord]>([])
        var options = EngineOptions(stepTokens: 40, cacheTokens: 300, drafts: 3)
        options.record = { record in log.withLock { $0.append(record) } }
        var random = SeededGenerator(7)
        let engine = try self.engine(EngineHarness(), options)
        _ = await engine.outcomes((0..<12).map { Self.request($0, &random) })
        await engine.drain()
        var scheduler = Scheduler(
            SchedulerLimits(
                pages: 19, stepTokens: 40, running: 64, imageBytes: options.imageCacheBytes, imageRowBytes: 128 * 4))
        let records = log.withLock { $0 }
        for record in records {
            let decision = scheduler.handle(record.event)
            #expect(decision == record.decision)
        }
        #expect(records.count > 24 && scheduler.isIdle && scheduler.counters == engine.statistics.totals)
    }
}

/// Every token must be even where the one before was odd, and odd where it was even; it may end after six.
struct ToyConstraint: TokenConstraint {
    let vocabulary: Int
    private(set) var tokens: [Int32] = []

    init(vocabulary: Int) { self.vocabulary = vocabulary }

    var isComplete: Bool { tokens.count >= 6 }

    func allowedTokens() -> TokenMask {
        let wanted = ((tokens.last ?? 1) + 1) % 2
        return mask(vocabulary, (0..<Int32(440)).filter { $0 % 2 == wanted })
    }

    mutating func advance(by token: Int32) { tokens.append(token) }
}
