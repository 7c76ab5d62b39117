// How large a video may be, and what decoding it may cost. Knows nothing of formats.

/// Bounds on one video.
package struct VideoLimits: Sendable, Equatable {
    /// Bytes of the file.
    package var bytes: Int
    /// Width times height of a frame. The default fits 4096 x 2304.
    package var pixels: Int
    /// Larger of width and height.
    package var side: Int
    /// Frames that are looked at.
    package var frames: Int
    /// Seconds to find the frames, and again to decode them: everything up to the last frame that is looked at is decoded.
    package var timeout: Double
    /// Bytes of address space of a child.
    package var memory: Int

    package init(
        bytes: Int = 4 << 30, pixels: Int = 9_437_184, side: Int = 8192, frames: Int = 256, timeout: Double = 600,
        memory: Int = 2 << 30
    ) {
        self.bytes = bytes
        self.pixels = pixels
        self.side = side
        self.frames = frames
        self.timeout = timeout
        self.memory = memory
    }

    func check(width: Int, height: Int) throws(ImagingError) {
        guard max(width, height) <= side else {
            throw .overLimit(
                what: "a side of the frames of \(width) x \(height)", found: max(width, height), allowed: side,
                unit: "pixels")
        }
        let area = width.multipliedReportingOverflow(by: height)
        guard !area.overflow, area.partialValue <= pixels else {
            throw .overLimit(
                what: "the area of the frames of \(width) x \(height)", found: area.overflow ? .max : area.partialValue,
                allowed: pixels, unit: "pixels")
        }
    }
}
