// What a request used: tokens, and how each image was cut. The form OpenAI gives it, with our additions beside.

package struct TokenUsage: Sendable, Encodable, Equatable {
    package struct PromptDetails: Sendable, Encodable, Equatable {
        /// Found in the prefix cache.
        package let cachedTokens: Int
        /// Taken by images.
        package let imageTokens: Int

        package init(cachedTokens: Int, imageTokens: Int) {
            self.cachedTokens = cachedTokens
            self.imageTokens = imageTokens
        }
    }

    /// An image and its plan of tiles, or a video.
    package struct Image: Sendable, Encodable, Equatable {
        package let width: Int
        package let height: Int
        /// Columns, rows; of each frame of a video.
        package let grid: [Int]
        /// Numbers of the frames of a video that were looked at, from 0; nil for an image.
        package let frames: [Int]?
        /// Tiles of the grid and the thumbnail, or of all frames.
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

    package var promptTokens: Int
    package var completionTokens: Int
    package var totalTokens: Int
    package var promptTokensDetails: PromptDetails
    package var images: [Image]

    package init(promptTokens: Int, completionTokens: Int, details: PromptDetails, images: [Image]) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        totalTokens = promptTokens + completionTokens
        promptTokensDetails = details
        self.images = images
    }
}

/// Seconds of a request's stages.
package struct RequestTimings: Sendable, Encodable, Equatable {
    package var imagesSeconds: Double
    package var visionSeconds: Double
    package var prefillSeconds: Double
    package var decodeSeconds: Double
    /// From the request's arrival to its first token.
    package var firstTokenSeconds: Double?

    package init(
        imagesSeconds: Double, visionSeconds: Double, prefillSeconds: Double, decodeSeconds: Double,
        firstTokenSeconds: Double?
    ) {
        self.imagesSeconds = imagesSeconds
        self.visionSeconds = visionSeconds
        self.prefillSeconds = prefillSeconds
        self.decodeSeconds = decodeSeconds
        self.firstTokenSeconds = firstTokenSeconds
    }
}
