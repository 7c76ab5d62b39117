// How large an image may be. Knows nothing of formats: it is asked before anything is decoded.

/// Bounds on one image, checked against its header before a byte is decoded.
package struct ImageLimits: Sendable, Equatable {
    /// Bytes of the encoded file.
    package var bytes: Int
    /// Width times height. The default fits A3 at 600 dpi.
    package var pixels: Int
    /// Larger of width and height.
    package var side: Int
    /// Bytes held while decoding: the decoder's own buffers and the RGB result.
    package var decodedBytes: Int
    /// Coded scans of a JPEG. Published progressive scripts use 10; a file of thousands exists only to burn time.
    package var scans: Int

    package init(
        bytes: Int = 20 << 20, pixels: Int = 72_000_000, side: Int = 16_384, decodedBytes: Int = 512 << 20,
        scans: Int = 100
    ) {
        self.bytes = bytes
        self.pixels = pixels
        self.side = side
        self.decodedBytes = decodedBytes
        self.scans = scans
    }

    /// Throws `overLimit` when an encoded file of `count` bytes is too large.
    package func check(byteCount count: Int) throws(ImagingError) {
        guard count <= bytes else {
            throw .overLimit(what: "the file", found: count, allowed: bytes, unit: "bytes")
        }
    }

    /// Throws `overLimit` when an image is too large. No product here can overflow.
    ///
    /// - Parameter workingBytesPerPixel: what the decoder holds for a pixel, the RGB result included.
    package func check(width: Int, height: Int, workingBytesPerPixel: Int) throws(ImagingError) {
        guard width <= side else { throw .overLimit(what: "the width", found: width, allowed: side, unit: "pixels") }
        guard height <= side else { throw .overLimit(what: "the height", found: height, allowed: side, unit: "pixels") }
        let area = width.multipliedReportingOverflow(by: height)
        guard !area.overflow, area.partialValue <= pixels else {
            throw .overLimit(
                what: "the area of \(width) x \(height)", found: area.overflow ? .max : area.partialValue,
                allowed: pixels, unit: "pixels")
        }
        let total = area.partialValue.multipliedReportingOverflow(by: workingBytesPerPixel)
        guard !total.overflow, total.partialValue <= decodedBytes else {
            throw .overLimit(
                what: "decoding \(width) x \(height) pixels", found: total.overflow ? .max : total.partialValue,
                allowed: decodedBytes, unit: "bytes")
        }
    }
}
