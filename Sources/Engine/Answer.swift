// A request's answer as it grows: tokens chosen, text released, the end recognised. Knows nothing of the model.

import Compute
import Grammar
import Tokenization

/// What is known of the logits of the next token.
enum NextLogits {
    case all(UnsafeBufferPointer<Float>)
    /// The largest alone; enough where `Answer.needsLargestAlone`.
    case largest(RankedOutput)
}

struct Answer {
    let request: GenerationRequest
    private(set) var tokens: [Int32] = []
    private let limit: Int
    private var reason: Completion.Reason?
    private var stopToken: Int32?
    private var sampler: Sampler
    private var detokenizer: StreamingDetokenizer
    private var stops: StopMatcher
    private var constraint: (any TokenConstraint)?

    /// - Parameter limit: tokens at most.
    init(_ request: GenerationRequest, tokenizer: Tokenizer, limit: Int) {
        self.request = request
        self.limit = limit
        sampler = Sampler(request.sampling, prompt: request.prompt)
        detokenizer = StreamingDetokenizer(tokenizer, skipSpecial: true)
        stops = StopMatcher(request.stopStrings)
        constraint = request.constraint
    }

    var isComplete: Bool { reason != nil }

    /// Whether the largest logit is all that `take` would look at.
    var needsLargestAlone: Bool {
        sampler.isGreedy && request.logprobs == nil && constraint == nil && mayStop
    }

    private var mayStop: Bool { tokens.count >= request.minTokens }

    /// Chooses the next token and decides whether it is the last.
    mutating func take(_ logits: NextLogits) throws(EngineError) -> GeneratedToken {
        let token: Int32?
        var logprob: TokenLogprob?
        switch logits {
        case .largest(let largest):
            token = largest.value.isFinite ? largest.index : nil
        case .all(let logits):
            token = Sampler.areSound(logits) ? try choose(logits) : nil
            if let token { logprob = request.logprobs.map { TokenLogprob(of: token, top: $0, logits) } }
        }
        guard let token else { throw .nonFiniteLogits(position: request.prompt.count + tokens.count) }
        let mayStop = mayStop
        tokens.append(token)
        return GeneratedToken(id: token, text: text(token, mayStop: mayStop), logprob: logprob)
    }

    private mutating func choose(_ logits: UnsafeBufferPointer<Float>) throws(EngineError) -> Int32 {
        guard
            let token = sampler.next(
                logits, allowed: allowed(logits.count), banned: mayStop ? [] : request.stopTokens)
        else { throw .deadEnd(tokens: tokens.count) }
        return token
    }

    /// The constraint's tokens, with the stop tokens where the answer may end.
    private mutating func allowed(_ vocabulary: Int) -> TokenMask? {
        guard var mask = constraint?.allowedTokens() else { return nil }
        if constraint?.isComplete == true { for token in request.stopTokens { mask.insert(token) } }
        return mask
    }

    /// The text that `token` makes certain; sets `reason` when it is the last.
    private mutating func text(_ token: Int32, mayStop: Bool) -> String {
        if request.stopTokens.contains(token) {
            reason = .stop
            stopToken = token
            return ""
        }
        constraint?.advance(by: token)
        let piece = detokenizer.append(token) ?? ""
        let text = mayStop ? stops.push(piece) : piece
        if stops.match != nil || endsHere {
            reason = .stop
        } else if tokens.count >= limit {
            reason = .length
        }
        return text
    }

    /// Whether the constraint is complete and allows nothing more.
    private var endsHere: Bool {
        mutating get {
            guard constraint?.isComplete == true else { return false }
            return constraint?.allowedTokens().isEmpty == true
        }
    }

    mutating func completion(_ timings: Timings) -> Completion {
        let rest = stops.match != nil ? "" : stops.push(detokenizer.finish() ?? "") + stops.finish()
        return Completion(
            reason: reason ?? .length, text: rest, timings: timings, stopToken: stopToken, stopString: stops.match)
    }
}
