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

    private static func cut(
        _ image: PixelImage, _ corner: (x: Int, y: Int), _ side: Int, into output: UnsafeMutableBufferPointer<UInt8>,
        at start: Int
    ) {
        let plane = side * side
        image.pixels.withUnsafeBufferPointer { input in
            for y in 0..<side {
                var source = 3 * ((corner.y + y) * image.width + corner.x)
                let row = start + y * side
                for x in row..<row + side {
                    output[x] = input[source]
                    output[x &+ plane] = input[source &+ 1]
                    output[x &+ 2 &* plane] = input[source &+ 2]
                    source &+= 3
                }
            }
        }
    }
}
