// What is asked of the engine, and what it answers. Knows tokens and tiles, not text templates, files or HTTP.

import Compute

/// A prompt laid out as tokens, with its images, and how to continue it.
package struct GenerationRequest: Sendable {
    /// An image and the prompt rows its embeddings replace.
    package struct Image: Sendable {
        package let rows: [Int]
        package let content: ImageTiles

        package init(rows: [Int], content: ImageTiles) {
            self.rows = rows
            self.content = content
        }
    }

    package var prompt: [Int32]
    package var images: [Image]
    package var sampling: SamplingParameters
    /// Tokens to generate at most; nil fills the context.
    package var maxTokens: Int?
    /// Ids that end the answer; they are counted but give no text.
    package var stopTokens: Set<Int32>
    package var stopStrings: [String]
    /// Most likely tokens to report for each generated one; nil reports no log-probabilities.
    package var logprobs: Int?

    package init(
        prompt: [Int32], images: [Image] = [], sampling: SamplingParameters = SamplingParameters(),
        maxTokens: Int? = nil, stopTokens: Set<Int32> = [], stopStrings: [String] = [], logprobs: Int? = nil
    ) {
        self.prompt = prompt
        self.images = images
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.stopTokens = stopTokens
        self.stopStrings = stopStrings
        self.logprobs = logprobs
    }
}

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
}

package struct Timings: Sendable {
    package var promptTokens = 0
    /// Prompt tokens found in the prefix cache.
    package var cachedTokens = 0
    package var completionTokens = 0
    package var visionSeconds = 0.0
    package var prefillSeconds = 0.0
    package var decodeSeconds = 0.0

    package init() {}
}
