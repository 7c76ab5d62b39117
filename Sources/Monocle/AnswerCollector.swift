// Turns the engine's deltas into the library's events and, at the end, an answer.

import Engine

struct AnswerCollector {
    private let prepared: PreparedRequest
    private var text = ""
    private var ids: [Int32] = []
    private var logprobs: [TokenLogprobs] = []

    init(_ prepared: PreparedRequest) { self.prepared = prepared }

    mutating func events(for delta: Delta) -> [AnswerEvent] {
        switch delta {
        case .stage(.vision(let tile, let count)): return [.stage(.vision(tile: tile, of: count))]
        case .stage(.prefill(let tokens, let count)): return [.stage(.prefill(tokens: tokens, of: count))]
        case .token(let token):
            ids.append(token.id)
            if let logprob = token.logprob { logprobs.append(TokenLogprobs(logprob)) }
            text += token.text
            return [.token(id: token.id)] + (token.text.isEmpty ? [] : [.text(token.text)])
        case .finished(let completion):
            text += completion.text
            return (completion.text.isEmpty ? [] : [.text(completion.text)]) + [.finished(answer(completion))]
        }
    }

    private func answer(_ completion: Completion) -> Answer {
        let timings = completion.timings
        let computed = timings.promptTokens - timings.cachedTokens
        return Answer(
            text: text, finishReason: completion.reason == .stop ? .stop : .length,
            promptTokenIDs: prepared.request.prompt, tokenIDs: ids,
            logprobs: prepared.request.logprobs == nil ? nil : logprobs, images: prepared.images,
            usage: Usage(
                promptTokens: timings.promptTokens, completionTokens: timings.completionTokens,
                imageTokens: prepared.imageTokens),
            timings: AnswerTimings(
                imagesSeconds: prepared.imagesSeconds, visionSeconds: timings.visionSeconds,
                prefillSeconds: timings.prefillSeconds, decodeSeconds: timings.decodeSeconds,
                cachedTokens: timings.cachedTokens,
                prefillTokensPerSecond: rate(computed, timings.prefillSeconds),
                decodeTokensPerSecond: rate(timings.completionTokens - 1, timings.decodeSeconds)))
    }

    private func rate(_ count: Int, _ seconds: Double) -> Double { seconds > 0 ? Double(count) / seconds : 0 }
}

extension TokenLogprobs {
    init(_ logprob: TokenLogprob) {
        tokenId = logprob.chosen.id
        self.logprob = logprob.chosen.logprob
        top = logprob.top.map { Entry(tokenId: $0.id, logprob: $0.logprob) }
    }
}
