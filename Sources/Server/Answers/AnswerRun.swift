// Drives an answer from its first delta to its end: collects, times, counts. Knows no form of reply.

import Engine
import Foundation
import Monocle
import OpenAIAPI
import Synchronization

/// What is known about an answer as a whole.
struct AnswerSummary: Sendable {
    var usage: TokenUsage
    var timings: RequestTimings
}

struct AnswerRun: Sendable {
    let state: ServerState
    let prepared: PreparedRequest
    let ask: Ask
    let arrival: ContinuousClock.Instant
    private(set) var choices: [ChoiceCollector]
    private var firstToken: ContinuousClock.Instant?
    private var lastToken: [ContinuousClock.Instant?]

    init(state: ServerState, prepared: PreparedRequest, ask: Ask, arrival: ContinuousClock.Instant) {
        self.state = state
        self.prepared = prepared
        self.ask = ask
        self.arrival = arrival
        choices = Array(repeating: ChoiceCollector(tools: ask.tools), count: ask.sampling.choices)
        lastToken = Array(repeating: nil, count: ask.sampling.choices)
    }

    /// Runs to the end, showing each delta after it was taken.
    mutating func run(
        _ requests: [GenerationRequest], show: (Int, Delta, AnswerRun) throws -> Void = { _, _, _ in }
    ) async throws -> AnswerSummary {
        for try await (choice, delta) in state.deltas(of: requests) {
            choices[choice].take(delta)
            if case .token = delta { time(choice) }
            if case .finished(let completion) = delta { count(completion, choice) }
            try show(choice, delta, self)
        }
        guard choices.allSatisfy({ $0.completion != nil }) else { throw CancellationError() }
        state.metrics.observe(.endToEnd, arrival.elapsedSeconds)
        return summary
    }

    private mutating func time(_ choice: Int) {
        let now = ContinuousClock.now
        if firstToken == nil {
            firstToken = now
            state.metrics.observe(.firstToken, (now - arrival) / .seconds(1))
        }
        if let last = lastToken[choice] { state.metrics.observe(.interToken, (now - last) / .seconds(1)) }
        lastToken[choice] = now
    }

    private func count(_ completion: Completion, _ choice: Int) {
        let timings = completion.timings
        state.metrics.finished(reason: completion.reason.rawValue)
        state.metrics.add(timings.promptTokens, to: .promptTokens)
        state.metrics.add(timings.cachedTokens, to: .cachedTokens)
        state.metrics.add(timings.completionTokens, to: .generatedTokens)
        state.metrics.observe(.queue, timings.queueSeconds)
        state.metrics.observe(.vision, timings.visionSeconds)
        state.metrics.observe(.prefill, timings.prefillSeconds)
        state.metrics.observe(.decode, timings.decodeSeconds)
    }

    /// As of now; final when every choice has finished.
    var summary: AnswerSummary {
        let timings = choices.compactMap { $0.completion?.timings }
        let cached = timings.map(\.cachedTokens).min() ?? 0
        return AnswerSummary(
            usage: TokenUsage(
                promptTokens: prepared.request.prompt.count,
                completionTokens: choices.reduce(0) { $0 + $1.tokens.count },
                details: .init(cachedTokens: cached, imageTokens: prepared.imageTokens),
                images: prepared.images.map(TokenUsage.Image.init)),
            timings: RequestTimings(
                imagesSeconds: prepared.imagesSeconds, visionSeconds: timings.map(\.visionSeconds).max() ?? 0,
                prefillSeconds: timings.map(\.prefillSeconds).max() ?? 0,
                decodeSeconds: timings.map(\.decodeSeconds).max() ?? 0,
                firstTokenSeconds: firstToken.map { ($0 - arrival) / .seconds(1) }))
    }
}

extension TokenUsage.Image {
    init(_ use: ImageUse) {
        self.init(
            width: use.width, height: use.height, grid: use.grid, frames: use.frames, tiles: use.tiles,
            tokens: use.tokens)
    }
}
