// A prompt as the model would see it. Knows ids, spans and plans, no pixels.

import Monocle

struct RenderedPrompt: Encodable {
    struct Image: Encodable {
        /// Place of its first embedding in `tokenIds`, and their number.
        let offset: Int
        let length: Int
        let width: Int
        let height: Int
        /// Columns, rows; of each frame of a video.
        let grid: [Int]
        /// Numbers of the frames of a video that were looked at, from 0; nil for an image.
        let frames: [Int]?
        /// Tiles of the grid and the thumbnail, or of all frames.
        let tiles: Int
    }
    let model: String
    let tokenIds: [Int32]
    let promptTokens: Int
    let textTokens: Int
    let controlTokens: Int
    let imageTokens: Int
    let images: [Image]

    init(_ prepared: PreparedRequest, model: String) {
        self.model = model
        tokenIds = prepared.request.prompt
        promptTokens = tokenIds.count
        textTokens = prepared.textTokens
        controlTokens = prepared.controlTokens
        imageTokens = prepared.imageTokens
        images = zip(prepared.imageSpans, prepared.images).map { span, use in
            Image(
                offset: span.lowerBound, length: span.count, width: use.width, height: use.height, grid: use.grid,
                frames: use.frames, tiles: use.tiles)
        }
    }
}
