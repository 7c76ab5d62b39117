// The tiles of an image as the vision encoder reads them. Knows nothing of normalisation.

/// Square tiles, planar.
package struct Tiles: Sendable, Equatable {
    package let count: Int
    /// Side of a tile, pixels.
    package let side: Int
    /// `[count, 3, side, side]`: the grid's tiles row by row, then the thumbnail.
    package let bytes: [UInt8]

    /// Resizes `image` to the grid and cuts it; the thumbnail is resized from the image itself, its aspect not kept.
    package init(_ image: PixelImage, plan: TilePlan) {
        let side = plan.tileSize
        let tileBytes = 3 * side * side
        let grid = PillowResize.resize(image, width: plan.columns * side, height: plan.rows * side)
        let thumbnail = plan.hasThumbnail ? PillowResize.resize(image, width: side, height: side) : nil
        bytes = [UInt8](unsafeUninitializedCapacity: plan.tiles * tileBytes) { output, written in
            for tile in 0..<plan.columns * plan.rows {
                let corner = (x: tile % plan.columns * side, y: tile / plan.columns * side)
                Self.cut(grid, corner, side, into: output, at: tile * tileBytes)
            }
            if let thumbnail { Self.cut(thumbnail, (0, 0), side, into: output, at: (plan.tiles - 1) * tileBytes) }
            written = plan.tiles * tileBytes
        }
        count = plan.tiles
        self.side = side
    }

    /// The tiles of several images, such as the frames of a video, one after another.
    /// - Parameter side: what each is cut to; others do not occur.
    package init(joining parts: [Tiles], side: Int) {
        precondition(parts.allSatisfy { $0.side == side }, "tiles of one side are joined")
        count = parts.reduce(0) { $0 + $1.count }
        self.side = side
        bytes = parts.flatMap(\.bytes)
    }

    private static func cut(
        _ image: PixelImage, _ corner: (x: Int, y: Int), _ side: Int, into output: UnsafeMutableBufferPointer<UInt8>,
        at start: Int
    ) {
        let plane = side * side
        guard let target = output.baseAddress.map({ $0 + start }) else { return }
        image.pixels.withUnsafeBufferPointer { input in
            for y in 0..<side {
                let source = UnsafeBufferPointer(rebasing: input[(3 * ((corner.y + y) * image.width + corner.x))...])
                let (red, green, blue) = (target + y * side, target + plane + y * side, target + 2 * plane + y * side)
                for x in 0..<side {
                    red[x] = source[3 &* x]
                    green[x] = source[3 &* x &+ 1]
                    blue[x] = source[3 &* x &+ 2]
                }
            }
        }
    }
}
