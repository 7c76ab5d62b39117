// Decoded pixels. Knows nothing of files or tiles.

/// An opaque 8-bit RGB image, rows from top to bottom, three bytes a pixel, no padding.
package struct PixelImage: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// `[height, width, 3]`.
    package let pixels: [UInt8]

    /// - Precondition: `pixels` holds `3 * width * height` bytes and no side is zero; decoders see to this.
    package init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == 3 * width * height, "an image holds exactly its pixels")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// The image as it lies on the page.
    package func applying(_ orientation: Orientation) -> PixelImage {
        guard orientation != .upright else { return self }
        let (newWidth, newHeight) = orientation.swapsSides ? (height, width) : (width, height)
        // Source offset of an output pixel: origin + x * stepX + y * stepY, in pixels.
        let last = width * height - 1
        let (origin, stepX, stepY) =
            switch orientation {
            case .upright: (0, 1, width)
            case .mirrored: (width - 1, -1, width)
            case .rotated180: (last, -1, -width)
            case .flipped: (last - width + 1, 1, -width)
            case .transposed: (0, width, 1)
            case .rotated90: (last - width + 1, -width, 1)
            case .transversed: (last, -width, -1)
            case .rotated270: (width - 1, width, -1)
            }
        let result = [UInt8](unsafeUninitializedCapacity: pixels.count) { output, count in
            pixels.withUnsafeBufferPointer { input in
                var place = 0
                for y in 0..<newHeight {
                    var source = 3 * (origin + y * stepY)
                    for _ in 0..<newWidth {
                        output[place] = input[source]
                        output[place + 1] = input[source + 1]
                        output[place + 2] = input[source + 2]
                        place += 3
                        source += 3 * stepX
                    }
                }
            }
            count = pixels.count
        }
        return PixelImage(width: newWidth, height: newHeight, pixels: result)
    }
}
