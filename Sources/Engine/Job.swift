// A request under way: its stream, its answer so far, its times. Knows nothing of steps.

import Synchronization
import Tokenization

/// A submitted request and where its answer goes.
final class Job: Sendable {
    typealias Continuation = AsyncThrowingStream<Delta, any Error>.Continuation

    /// In order of arrival.
    let number: Int
    let request: GenerationRequest
    /// Tokens of prompt and answer together.
    let limit: Int
    let continuation: Continuation
    let arrival: ContinuousClock.Instant
    private let cancelled = Atomic(false)

    init(number: Int, request: GenerationRequest, limit: Int, continuation: Continuation) {
        self.number = number
        self.request = request
        self.limit = limit
        self.continuation = continuation
        arrival = .now
    }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }
    func cancel() { cancelled.store(true, ordering: .releasing) }
}

/// What the engine's thread keeps of a job.
///
/// The stream's buffer is bounded although nobody makes the engine wait for a slow reader: a request yields at most one
/// stage for each tile and each prompt token, one delta for each token of its answer, and one at its end.
struct LiveJob {
    let job: Job
    private(set) var answer: Answer
    private var timings = Timings()
    private var start: ContinuousClock.Instant?
    private var firstToken: ContinuousClock.Instant?
    private var tilesReported = 0
    private var prefillReported = -1

    init(_ job: Job, tokenizer: Tokenizer) {
        self.job = job
        answer = Answer(job.request, tokenizer: tokenizer, limit: job.limit - job.request.prompt.count)
        timings.promptTokens = job.request.prompt.count
    }

    var hasStarted: Bool { start != nil }

    /// Prompt and answer from `position` on.
    func tokens(_ positions: Range<Int>) -> [Int32] {
        let prompt = job.request.prompt
        return positions.compactMap { position in
            if position < prompt.count { return prompt[position] }
            let place = position - prompt.count
            return answer.tokens.indices.contains(place) ? answer.tokens[place] : nil
        }
    }

    // MARK: - What happens to it

    mutating func didStart(_ now: ContinuousClock.Instant) {
        start = now
        timings.queueSeconds = (now - job.arrival) / .seconds(1)
    }

    mutating func didReuse(_ tokens: Int) {
        if firstToken == nil, timings.preemptions == 0 { timings.cachedTokens += tokens }
    }

    mutating func didPreempt() { timings.preemptions += 1 }

    mutating func willEmbed(tile: Int, ofImage image: Int) {
        let images = job.request.images
        let place = images[..<image].reduce(0) { $0 + $1.content.tiles } + tile + 1
        guard place > tilesReported else { return }
        tilesReported = place
        let all = images.reduce(0) { $0 + $1.content.tiles }
        job.continuation.yield(.stage(.vision(tile: place, of: all)))
    }

    mutating func didEmbed(_ seconds: Double) { timings.visionSeconds += seconds }

    mutating func willWrite(from position: Int) {
        guard answer.tokens.isEmpty, position > prefillReported else { return }
        prefillReported = position
        job.continuation.yield(.stage(.prefill(tokens: position, of: timings.promptTokens)))
    }

    mutating func didVerify(drafted: Int, accepted: Int) {
        timings.draftedTokens += drafted
        timings.acceptedTokens += accepted
    }

    /// Chooses a token and sends it.
    mutating func take(_ logits: NextLogits) throws(EngineError) -> Int32 {
        let token = try answer.take(logits)
        if firstToken == nil {
            let now = ContinuousClock.now
            firstToken = now
            timings.timeToFirstToken = (now - job.arrival) / .seconds(1)
            let reading = (now - (start ?? now)) / .seconds(1)
            timings.prefillSeconds = max(0, reading - timings.visionSeconds)
        }
        job.continuation.yield(.token(token))
        return token.id
    }

    mutating func finish() {
        timings.completionTokens = answer.tokens.count
        timings.decodeSeconds = (ContinuousClock.now - (firstToken ?? .now)) / .seconds(1)
        job.continuation.yield(.finished(answer.completion(timings)))
        job.continuation.finish()
    }

    /// Ends an answer of no tokens.
    mutating func finishEmpty() {
        firstToken = .now
        finish()
    }
}
