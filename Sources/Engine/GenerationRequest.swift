// What is asked of the engine. Knows tokens and tiles, not text templates, files or HTTP.

/// A prompt laid out as tokens, with its images, and how to continue it.
package struct GenerationRequest: Sendable {
    /// An image and the prompt rows its embeddings replace.
    package struct Image: Sendable {
        /// Ascending.
        package let rows: [Int]
        package let content: ImageTiles

        package init(rows: [Int], content: ImageTiles) {
            self.rows = rows
            self.content = content
        }
    }

    /// Names the request in logs; need not be unique.
    package var id: String
    package var prompt: [Int32]
    package var images: [Image]
    package var sampling: SamplingParameters
    /// Tokens to generate at most; nil fills the context.
    package var maxTokens: Int?
    /// Tokens before which neither a stop token nor a stop string ends the answer.
    package var minTokens: Int
    /// Ids that end the answer: the model's own ends, unless they are to be ignored, and the caller's. They are counted
    /// but give no text.
    package var stopTokens: Set<Int32>
    package var stopStrings: [String]
    /// Most likely tokens to report for each generated one; nil reports no log-probabilities.
    package var logprobs: Int?
    /// What the answer must look like; nil leaves it free.
    package var constraint: (any TokenConstraint)?
    /// Whether tokens are guessed and verified several in a step; nil takes the engine's choice. The answer is the same.
    package var speculates: Bool?
    /// Requests of different salts share no cached page, so that none can time what another asked.
    package var cacheSalt: String
    /// When the request is given up, answered or not.
    package var deadline: ContinuousClock.Instant?
    /// When the request is given up if it is still waiting for its first step.
    package var startDeadline: ContinuousClock.Instant?

    package init(
        id: String = "", prompt: [Int32], images: [Image] = [], sampling: SamplingParameters = SamplingParameters(),
        maxTokens: Int? = nil, minTokens: Int = 0, stopTokens: Set<Int32> = [], stopStrings: [String] = [],
        logprobs: Int? = nil, constraint: (any TokenConstraint)? = nil, speculates: Bool? = nil,
        cacheSalt: String = "", deadline: ContinuousClock.Instant? = nil,
        startDeadline: ContinuousClock.Instant? = nil
    ) {
        self.id = id
        self.prompt = prompt
        self.images = images
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.minTokens = minTokens
        self.stopTokens = stopTokens
        self.stopStrings = stopStrings
        self.logprobs = logprobs
        self.constraint = constraint
        self.speculates = speculates
        self.cacheSalt = cacheSalt
        self.deadline = deadline
        self.startDeadline = startDeadline
    }
}
