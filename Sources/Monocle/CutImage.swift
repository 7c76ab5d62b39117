// An image after decoding, planning and cutting; a video is one whose tiles are its frames. Knows no tokens but their number.

import Engine
import Imaging

package struct CutImage: Sendable {
    let width: Int
    let height: Int
    /// Columns, rows; of each frame of a video.
    let grid: [Int]
    /// Numbers of the frames; nil for an image.
    let frames: [Int]?
    let content: ImageTiles

    init(_ image: PixelImage, plan: TilePlan) {
        width = image.width
        height = image.height
        grid = [plan.columns, plan.rows]
        frames = nil
        content = ImageTiles(Tiles(image, plan: plan))
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
        (width, height) = size
        grid = [plan.columns, plan.rows]
        content = ImageTiles(Tiles(joining: cut, side: side))
    }

    func use(file: String, tokensPerTile: Int) -> ImageUse {
        ImageUse(
            file: file, width: width, height: height, grid: grid, frames: frames, tiles: content.tiles,
            tokens: content.tiles * tokensPerTile)
    }
}

extension ImageTiles {
    fileprivate init(_ tiles: Tiles) { self.init(tiles: tiles.count, pixels: tiles.bytes) }
}
