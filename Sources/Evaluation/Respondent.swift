// Who answers a benchmark's questions: a model in this process, an endpoint, or a stand-in. Knows no scores.

package import BenchmarkData

/// What came back for one item.
package struct Reply: Sendable, Equatable {
    package let text: String
    package let promptTokens: Int?
    /// Generated tokens, the end token included.
    package let tokens: Int?
    package let finishReason: String?
    /// How each image was cut, where that is known.
    package let images: [Use]
    /// Requests that were made.
    package let attempts: Int

    package struct Use: Sendable, Equatable {
        package let width: Int
        package let height: Int
        /// Columns, rows; of each frame of a video.
        package let grid: [Int]
        /// Numbers of the frames of a video; nil for an image.
        package let frames: [Int]?
        package let tiles: Int
        package let tokens: Int

        package init(width: Int, height: Int, grid: [Int], frames: [Int]? = nil, tiles: Int, tokens: Int) {
            self.width = width
            self.height = height
            self.grid = grid
            self.frames = frames
            self.tiles = tiles
            self.tokens = tokens
        }
    }

    package init(
        text: String, promptTokens: Int? = nil, tokens: Int?, finishReason: String?, images: [Use] = [],
        attempts: Int = 1
    ) {
        self.text = text
        self.promptTokens = promptTokens
        self.tokens = tokens
        self.finishReason = finishReason
        self.images = images
        self.attempts = attempts
    }
}

/// Why no reply came.
package struct RespondentError: Error, Sendable, Equatable {
    package let failure: AnswerOutcome.Failure
    package let attempts: Int

    package init(_ failure: AnswerOutcome.Failure, attempts: Int) {
        self.failure = failure
        self.attempts = attempts
    }
}

package protocol Respondent: Sendable {
    /// - Throws: `RespondentError`, `CancellationError`, or an error of the model in this process.
    func reply(to item: BenchmarkItem, maxTokens: Int) async throws -> Reply
}
