// What can go wrong with a request or with the engine that runs it.

package enum EngineError: Error, Equatable, CustomStringConvertible {
    /// A parameter outside its range: the client's fault.
    case parameter(name: String, found: String, expected: String)
    /// Prompt and requested tokens do not fit the context the engine was started with.
    case contextLength(prompt: Int, limit: Int)
    case imageMismatch(found: Int, expected: Int)
    /// Images for a model that has no encoder.
    case textOnly
    /// Too many requests wait already. Later, the same request may be taken.
    case overloaded(waiting: Int, limit: Int)
    /// The requests that wait already have too many prompt tokens.
    case overloadedTokens(waiting: Int, limit: Int)
    /// The request's time was over, `seconds` after it came.
    case deadlineExceeded(seconds: Double, hasStarted: Bool)
    /// The constraint allowed no token and was not complete: its author's fault.
    case deadEnd(tokens: Int)
    /// The model produced NaN or infinite logits; nothing after it can be trusted.
    case nonFiniteLogits(position: Int)
    /// The engine contradicted itself and started over with empty caches.
    case inconsistent(String)
    case stopped

    package var description: String {
        switch self {
        case .parameter(let name, let found, let expected):
            "\(name) is \(found); it must be \(expected)"
        case .contextLength(let prompt, let limit):
            """
            the prompt has \(prompt) tokens and the context holds \(limit), of which at least one must be left for the \
            answer; use fewer images, fewer tiles (--max-tiles, --detail low) or a longer context (--context)
            """
        case .imageMismatch(let found, let expected):
            "the prompt has \(expected) rows for an image whose tiles become \(found)"
        case .textOnly:
            "the model is text-only: its folder has no vision_model, and the request brings images"
        case .overloaded(let waiting, let limit):
            "\(waiting) requests wait and at most \(limit) may; try again later"
        case .overloadedTokens(let waiting, let limit):
            "prompts of \(waiting) tokens wait and at most \(limit) may; try again later"
        case .deadlineExceeded(let seconds, let hasStarted):
            """
            the request's time was over after \(Int(seconds.rounded())) s, \
            \(hasStarted ? "before the answer was finished" : "before its first step")
            """
        case .deadEnd(let tokens):
            "after \(tokens) tokens no token of the vocabulary continues what the answer must look like"
        case .nonFiniteLogits(let position):
            """
            the model produced a logit that is not finite at position \(position): the weights are damaged or overflow in \
            this precision; run `monocle inspect --verify` on the folder, or try --precision f32
            """
        case .inconsistent(let what):
            "the engine found a contradiction in its books and started over: \(what)"
        case .stopped:
            "the engine was stopped before the request finished"
        }
    }

    /// A word for counting.
    package var kind: String {
        switch self {
        case .parameter, .imageMismatch, .textOnly: "parameter"
        case .contextLength: "context_length"
        case .overloaded, .overloadedTokens: "overloaded"
        case .deadlineExceeded: "deadline"
        case .deadEnd: "constraint"
        case .nonFiniteLogits: "non_finite"
        case .inconsistent: "inconsistent"
        case .stopped: "stopped"
        }
    }
}
