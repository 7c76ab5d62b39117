// A request's answer as it grows: tokens chosen, text released, the end recognised. Knows nothing of the model.

import Tokenization

struct Answer {
    let job: Job
    private(set) var count = 0
    private var reason: Completion.Reason?
    private var sampler: Sampler
    private var detokenizer: StreamingDetokenizer
    private var stops: StopMatcher
    private let limit: Int

    init(job: Job, sampling: SamplingParameters, tokenizer: Tokenizer, limit: Int) {
        self.job = job
        self.limit = limit
        sampler = Sampler(sampling, prompt: job.request.prompt)
        detokenizer = StreamingDetokenizer(tokenizer, skipSpecial: true)
        stops = StopMatcher(job.request.stopStrings)
        if limit == 0 { reason = .length }
    }

    var isComplete: Bool { reason != nil }

    /// Chooses the next token from `logits`, sends it with the text it completes, and decides whether it is the last.
    /// - Returns: nil when the logits are not finite.
    mutating func take(_ logits: UnsafeBufferPointer<Float>) throws -> Int32? {
        let request = job.request
        guard let token = sampler.next(logits) else { return nil }
        count += 1
        var text = ""
        if request.stopTokens.contains(token) {
            reason = .stop
        } else {
            text = stops.push(detokenizer.append(token) ?? "")
            if stops.isStopped { reason = .stop } else if count >= limit { reason = .length }
        }
        let logprob = request.logprobs.map { Sampler.logprob(of: token, top: $0, logits) }
        job.continuation.yield(.token(GeneratedToken(id: token, text: text, logprob: logprob)))
        return token
    }

    mutating func finish(_ timings: Timings) {
        let rest = stops.isStopped ? "" : stops.push(detokenizer.finish() ?? "") + stops.finish()
        job.continuation.yield(.finished(Completion(reason: reason ?? .length, text: rest, timings: timings)))
        job.continuation.finish()
    }
}
