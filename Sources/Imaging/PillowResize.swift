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
            var pairs = [Int64](repeating: 0, count: 3 * image.width)
            image.pixels.withUnsafeBufferPointer { input in
                pairs.withUnsafeMutableBufferPointer { pairs in
                    for y in stride(from: 0, to: image.height, by: 2) {
                        // The last row of an odd height is paired with itself and written twice.
                        let rows = (y, min(y + 1, image.height - 1))
                        let sources = (rows.0 * pairs.count, rows.1 * pairs.count)
                        for place in 0..<pairs.count {
                            let (first, second) = (input[sources.0 &+ place], input[sources.1 &+ place])
                            pairs[place] = Int64(first) | Int64(second) << 32
                        }
                        filter(
                            pairs: UnsafeBufferPointer(pairs), axis, to: output,
                            at: (3 * width * rows.0, 3 * width * rows.1))
                    }
                }
            }
            written = count
        }
        return PixelImage(width: width, height: image.height, pixels: pixels)
    }

    /// Filters two rows with one multiplication for both: a sample of the first row stands in the low half of a word,
    /// the same sample of the second in the high half. Sums fit 32 bits, so `low` is exact as it is and `high` once the
    /// borrow of a negative `low` is given back.
    private static func filter(
        pairs: UnsafeBufferPointer<Int64>, _ axis: ResampleAxis, to output: UnsafeMutableBufferPointer<UInt8>,
        at targets: (Int, Int)
    ) {
        axis.weights.withUnsafeBufferPointer { weights in
            for x in 0..<axis.output {
                let start = Int64(half) | Int64(half) << 32
                var (red, green, blue) = (start, start, start)
                var source = 3 &* axis.starts[x]
                let first = x &* axis.stride
                for tap in first..<first &+ axis.counts[x] {
                    let weight = Int64(weights[tap])
                    red &+= pairs[source] &* weight
                    green &+= pairs[source &+ 1] &* weight
                    blue &+= pairs[source &+ 2] &* weight
                    source &+= 3
                }
                for (channel, sum) in [red, green, blue].enumerated() {
                    let low = Int32(truncatingIfNeeded: sum)
                    let high = Int32(truncatingIfNeeded: (sum &- Int64(low)) >> 32)
                    output[targets.0 &+ 3 &* x &+ channel] = clipped(low)
                    output[targets.1 &+ 3 &* x &+ channel] = clipped(high)
                }
            }
        }
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
                        for tap in stride(from: 0, to: axis.counts[y], by: 4) {
                            addFourRows(input, axis, position: y, tap: tap, to: sums)
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

    /// Adds the weighted rows of four taps; taps past the last have weight zero.
    private static func addFourRows(
        _ input: UnsafeBufferPointer<UInt8>, _ axis: ResampleAxis, position: Int, tap: Int,
        to sums: UnsafeMutableBufferPointer<Int32>
    ) {
        func row(_ offset: Int) -> (start: Int, weight: Int32) {
            let last = axis.counts[position] - 1
            let weight = tap + offset <= last ? axis.weights[position * axis.stride + tap + offset] : 0
            return ((axis.starts[position] + min(tap + offset, last)) * sums.count, weight)
        }
        let (a, b, c, d) = (row(0), row(1), row(2), row(3))
        for x in 0..<sums.count {
            let first = Int32(input[a.start &+ x]) &* a.weight &+ Int32(input[b.start &+ x]) &* b.weight
            let second = Int32(input[c.start &+ x]) &* c.weight &+ Int32(input[d.start &+ x]) &* d.weight
            sums[x] &+= first &+ second
        }
    }
}
