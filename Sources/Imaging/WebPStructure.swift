// The RIFF chunks of a WebP file (RFC 9649). Decodes nothing.

/// Canvas, first frame and metadata of a WebP.
package struct WebPStructure: Sendable, Equatable {
    /// The first frame of an animation: where it lies on the canvas and where its bitstream lies in the file.
    package struct Frame: Sendable, Equatable {
        package let x: Int
        package let y: Int
        package let width: Int
        package let height: Int
        /// Offsets of the frame's `ALPH`, `VP8 ` or `VP8L` chunks in the file.
        package let bitstream: Range<Int>
    }

    package let width: Int
    package let height: Int
    package let hasAlpha: Bool
    /// Nil for a still image.
    package let firstFrame: Frame?
    package let orientation: Orientation

    /// Bytes a decoder holds for a pixel: RGBA and the RGB result.
    var workingBytesPerPixel: Int { 7 }

    init(_ bytes: RawSpan) throws(ImagingError) {
        guard let size = bytes.littleEndian32(4), bytes.byteCount >= 20 else {
            throw .truncated(format: "WebP", detail: "\(bytes.byteCount) bytes, the header alone takes 20")
        }
        // A RIFF chunk is padded to an even length, and writers disagree on whether the size says so.
        guard size + 8 <= bytes.byteCount + 1 else {
            throw .truncated(format: "WebP", detail: "the file says \(size + 8) bytes, found \(bytes.byteCount)")
        }
        try ImageHeader.checkTrailer(bytes, format: .webP, end: size + 8 + size % 2)
        let content = 20
        if bytes.has("VP8 ", at: 12) {
            guard bytes.has([0x9D, 0x01, 0x2A], at: content + 3), let width = bytes.littleEndian16(content + 6),
                let height = bytes.littleEndian16(content + 8)
            else { throw .corrupt(format: "WebP", detail: "the VP8 frame header is missing") }
            try self.init(width: width & 0x3FFF, height: height & 0x3FFF, hasAlpha: false)
        } else if bytes.has("VP8L", at: 12) {
            guard bytes.byte(content) == 0x2F, let bits = bytes.littleEndian32(content + 1) else {
                throw .corrupt(format: "WebP", detail: "the VP8L signature is missing")
            }
            try self.init(width: bits & 0x3FFF + 1, height: bits >> 14 & 0x3FFF + 1, hasAlpha: bits >> 28 & 1 == 1)
        } else if bytes.has("VP8X", at: 12) {
            guard let flags = bytes.byte(content), let width = bytes.littleEndian24(content + 4),
                let height = bytes.littleEndian24(content + 7)
            else { throw .truncated(format: "WebP", detail: "\(bytes.byteCount) bytes, the VP8X header takes 30") }
            let chunks = try Chunks(bytes, isAnimated: flags & 0x02 != 0, width: width + 1, height: height + 1)
            try self.init(
                width: width + 1, height: height + 1, hasAlpha: flags & 0x10 != 0, firstFrame: chunks.firstFrame,
                orientation: Orientation(exif: chunks.exif, xmp: chunks.xmp))
        } else {
            throw .corrupt(format: "WebP", detail: "the first chunk is none of VP8, VP8L and VP8X")
        }
    }

    private init(
        width: Int, height: Int, hasAlpha: Bool, firstFrame: Frame? = nil, orientation: Orientation = .upright
    ) throws(ImagingError) {
        guard width > 0, height > 0 else {
            throw .corrupt(format: "WebP", detail: "the image is \(width) x \(height) pixels, expected >= 1 x 1")
        }
        self.width = width
        self.height = height
        self.hasAlpha = hasAlpha
        self.firstFrame = firstFrame
        self.orientation = orientation
    }

    /// The chunks after `VP8X`.
    private struct Chunks {
        var exif: [UInt8] = []
        var xmp: [UInt8] = []
        var firstFrame: Frame?

        init(_ bytes: RawSpan, isAnimated: Bool, width: Int, height: Int) throws(ImagingError) {
            var offset = 12
            while let length = bytes.littleEndian32(offset + 4), length <= bytes.byteCount - offset - 8 {
                let content = offset + 8..<offset + 8 + length
                if bytes.has("EXIF", at: offset) {
                    exif = bytes.bytes(in: content)
                } else if bytes.has("XMP ", at: offset) {
                    xmp = bytes.bytes(in: content)
                } else if isAnimated, firstFrame == nil, bytes.has("ANMF", at: offset), length > 16,
                    let x = bytes.littleEndian24(content.lowerBound),
                    let y = bytes.littleEndian24(content.lowerBound + 3),
                    let right = bytes.littleEndian24(content.lowerBound + 6),
                    let bottom = bytes.littleEndian24(content.lowerBound + 9)
                {
                    guard 2 * x + right + 1 <= width, 2 * y + bottom + 1 <= height else {
                        throw .corrupt(format: "WebP", detail: "the first frame lies outside of the canvas")
                    }
                    firstFrame = Frame(
                        x: 2 * x, y: 2 * y, width: right + 1, height: bottom + 1,
                        bitstream: content.lowerBound + 16..<content.upperBound)
                }
                offset = content.upperBound + length % 2
            }
            guard !isAnimated || firstFrame != nil else {
                throw .truncated(format: "WebP", detail: "the animation has no complete frame")
            }
        }
    }
}
