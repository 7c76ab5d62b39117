// An image after decoding, planning and cutting; a video is one whose tiles are its frames. Knows no tokens but their number.

import Imaging

struct CutImage {
    let file: String
    let width: Int
    let height: Int
    /// Columns, rows; of each frame of a video.
    let grid: [Int]
    /// Numbers of the frames; nil for an image.
    let frames: [Int]?
    let tiles: Tiles

    init(_ image: PixelImage, file: String, plan: TilePlan) {
        self.file = file
        width = image.width
        height = image.height
        grid = [plan.columns, plan.rows]
        frames = nil
        tiles = Tiles(image, plan: plan)
    }

    /// Decodes a video. A frame is one tile, and is cut as soon as it is decoded.
    init(
        framesOf video: ImageSource, _ selection: FrameSelection, pages: ClosedRange<Int>?, side: Int,
        _ loader: ImageLoader
    ) throws(ImagingError) {
        let plan = try TilePlan(width: side, height: side, tileSize: side, maxTiles: 1, useThumbnail: false)
        var cut: [Tiles] = []
        var size = (width: 0, height: 0)
        frames = try loader.frames(of: video, selection, pages: pages) { frame in
            size = (frame.width, frame.height)
            cut.append(Tiles(frame, plan: plan))
        }
        file = video.name
        (width, height) = size
        grid = [plan.columns, plan.rows]
        tiles = Tiles(joining: cut, side: side)
    }

    func use(tokensPerTile: Int) -> ImageUse {
        ImageUse(
            file: file, width: width, height: height, grid: grid, frames: frames, tiles: tiles.count,
            tokens: tiles.count * tokensPerTile)
    }
}
