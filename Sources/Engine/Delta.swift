// What the engine answers, piece by piece. Knows tokens and text, not HTTP.

/// One step of a request's life, in order: stages, tokens, and one `finished`.
package enum Delta: Sendable {
    case stage(Stage)
    case token(GeneratedToken)
    case finished(Completion)
}

package enum Stage: Sendable, Equatable {
    case vision(tile: Int, of: Int)
    case prefill(tokens: Int, of: Int)
}

package struct GeneratedToken: Sendable {
    package let id: Int32
    /// Text that became certain with this token; may be empty.
    package let text: String
    package let logprob: TokenLogprob?
}

package struct Completion: Sendable {
    package enum Reason: String, Sendable {
        case stop
        case length
    }
    package let reason: Reason
    /// Text released at the end, such as what a stop string's beginning had held back.
    package let text: String
    package let timings: Timings
    /// What ended the answer when `reason` is `stop`: a stop token, or a stop string; neither when a constraint had
    /// nothing left to allow.
    package let stopToken: Int32?
    package let stopString: String?
}

package struct Timings: Sendable {
    package var promptTokens = 0
    /// Prompt tokens found in the prefix cache.
    package var cachedTokens = 0
    package var completionTokens = 0
    /// From submission to the first step.
    package var queueSeconds = 0.0
    /// Time in the encoder for this request's images.
    package var visionSeconds = 0.0
    /// From the first step to the first token, without `visionSeconds`. Work of others in the same steps counts.
    package var prefillSeconds = 0.0
    /// From the first token to the last.
    package var decodeSeconds = 0.0
    /// From submission to the first token.
    package var timeToFirstToken = 0.0
    /// How often the request gave its pages to older ones and was computed anew.
    package var preemptions = 0
    /// Tokens guessed, and guesses that were right.
    package var draftedTokens = 0
    package var acceptedTokens = 0

    package init() {}
}
