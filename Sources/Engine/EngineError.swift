// What can go wrong with a request or with the engine that runs it.

package enum EngineError: Error, Equatable, CustomStringConvertible {
    /// A sampling parameter outside its range: the client's fault.
    case parameter(name: String, found: String, expected: String)
    /// Prompt and requested tokens do not fit the context the engine was started with.
    case contextLength(prompt: Int, limit: Int)
    case imageMismatch(found: Int, expected: Int)
    /// The model produced NaN or infinite logits; nothing after it can be trusted.
    case nonFiniteLogits(position: Int)
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
            "the prompt has \(expected) image slots and the request brings \(found) images"
        case .nonFiniteLogits(let position):
            """
            the model produced a logit that is not finite at position \(position): the weights are damaged or overflow in \
            this precision; run `monocle inspect --verify` on the folder, or try --precision f32
            """
        case .stopped:
            "the engine was stopped before the request finished"
        }
    }
}
