// The sizes a scheduler works within.

package struct SchedulerLimits: Codable, Sendable, Equatable {
    /// Pages of the key-value cache. They hold at least the longest sequence.
    package var pages: Int
    /// Positions of a page.
    package var pageTokens: Int
    /// Rows of a step at most: decode rows, guesses, prompt chunks; a tile counts as many rows as it becomes.
    package var stepTokens: Int
    /// Sequences that share steps.
    package var running: Int
    /// Whether pages are found again by their content.
    package var usesPrefixCache: Bool
    /// Bytes of image embeddings kept; images in use beyond it make the requests that bring more wait.
    package var imageBytes: Int
    /// Bytes of one embedding.
    package var imageRowBytes: Int

    package init(
        pages: Int, pageTokens: Int = 16, stepTokens: Int = 512, running: Int = 64, usesPrefixCache: Bool = true,
        imageBytes: Int = 256 << 20, imageRowBytes: Int = 4
    ) {
        self.pages = pages
        self.pageTokens = pageTokens
        self.stepTokens = max(1, stepTokens)
        self.running = max(1, min(running, stepTokens))
        self.usesPrefixCache = usesPrefixCache
        self.imageBytes = imageBytes
        self.imageRowBytes = imageRowBytes
    }
}
