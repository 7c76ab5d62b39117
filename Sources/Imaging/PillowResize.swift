// Bicubic resize with Pillow's arithmetic. Knows nothing of tiles.

/// Resizes as `PIL.Image.resize` (Pillow >= 13, default filter) does, to the bit.
///
/// Two passes with an 8-bit image between them; a pass that changes nothing is left out. The vertical pass comes first
/// when the height shrinks by more than twice what the width does, the horizontal one otherwise (Pillow 13.0.0
/// `Resample.c`).
package enum PillowResize {
    package static func resize(_ image: PixelImage, width: Int, height: Int) -> PixelImage {
        let shrinkY = image.height - height
        if shrinkY > 0, shrinkY > 2 * (image.width - width) {
            return horizontal(vertical(image, height: height), width: width)
        }
        return vertical(horizontal(image, width: width), height: height)
    }

    private static let half = Int32(1) << Int32(ResampleAxis.fractionBits - 1)

    @inline(__always)
    private static func clipped(_ sum: Int32) -> UInt8 {
        UInt8(truncatingIfNeeded: max(0, min(255, sum >> Int32(ResampleAxis.fractionBits))))
    }

    package static func horizontal(_ image: PixelImage, width: Int) -> PixelImage {
        guard width != image.width else { return image }
        let axis = ResampleAxis(input: image.width, output: width)
        let count = 3 * width * image.height
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { output, written in
            image.pixels.withUnsafeBufferPointer { input in
                axis.weights.withUnsafeBufferPointer { weights in
                    for y in 0..<image.height {
                        let row = 3 * image.width * y
                        var place = 3 * width * y
                        for x in 0..<width {
                            var (red, green, blue) = (half, half, half)
                            var source = row &+ 3 &* axis.starts[x]
                            let first = x &* axis.stride
                            for tap in first..<first &+ axis.counts[x] {
                                let weight = weights[tap]
                                red &+= Int32(input[source]) &* weight
                                green &+= Int32(input[source &+ 1]) &* weight
                                blue &+= Int32(input[source &+ 2]) &* weight
                                source &+= 3
                            }
                            output[place] = clipped(red)
                            output[place &+ 1] = clipped(green)
                            output[place &+ 2] = clipped(blue)
                            place &+= 3
                        }
                    }
                }
            }
            written = count
        }
        return PixelImage(width: width, height: image.height, pixels: pixels)
    }

    package static func vertical(_ image: PixelImage, height: Int) -> PixelImage {
        guard height != image.height else { return image }
        let axis = ResampleAxis(input: image.height, output: height)
        let rowBytes = 3 * image.width
        let count = rowBytes * height
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { output, written in
            var sums = [Int32](repeating: 0, count: rowBytes)
            sums.withUnsafeMutableBufferPointer { sums in
                image.pixels.withUnsafeBufferPointer { input in
                    for y in 0..<height {
                        sums.update(repeating: half)
                        for tap in 0..<axis.counts[y] {
                            let weight = axis.weights[y * axis.stride + tap]
                            let source = (axis.starts[y] + tap) * rowBytes
                            for x in 0..<rowBytes { sums[x] &+= Int32(input[source &+ x]) &* weight }
                        }
                        let target = y * rowBytes
                        for x in 0..<rowBytes { output[target &+ x] = clipped(sums[x]) }
                    }
                }
            }
            written = count
        }
        return PixelImage(width: image.width, height: height, pixels: pixels)
    }
}
