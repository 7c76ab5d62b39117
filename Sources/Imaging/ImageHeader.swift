// What the header of an image says before anything is decoded. A pure function of bytes: no files, no decoders.

/// Format, extents and what a decoder needs to know beforehand.
package struct ImageHeader: Sendable, Equatable {
    /// Details that only one format has.
    package enum Details: Sendable, Equatable {
        case jpeg(JPEGStructure)
        case png(PNGStructure)
        case webP(WebPStructure)
    }

    package let format: ImageFormat
    /// Pixels, as stored: before the EXIF orientation is applied.
    package let width: Int
    package let height: Int
    /// Bits of a sample.
    package let bitDepth: Int
    /// Stored samples of a pixel; 1 for a palette.
    package let channels: Int
    package let orientation: Orientation
    package let details: Details

    /// Reads the header of a JPEG, PNG or WebP and checks it against `limits`.
    ///
    /// Throws `unsupported`, `truncated`, `corrupt`, `variant` or `overLimit`. Never allocates in proportion to a
    /// number in the file, and takes time linear in `bytes`.
    package init(_ bytes: RawSpan, limits: ImageLimits = ImageLimits()) throws(ImagingError) {
        let format = try ImageFormat(sniffing: bytes)
        try limits.check(byteCount: bytes.byteCount)
        self.format = format
        let workingBytes: Int
        switch format {
        case .jpeg:
            let jpeg = try JPEGStructure(bytes)
            (width, height, bitDepth, channels) = (jpeg.width, jpeg.height, jpeg.precision, jpeg.components)
            orientation = jpeg.orientation
            workingBytes = jpeg.workingBytesPerPixel
            details = .jpeg(jpeg)
        case .png:
            let png = try PNGStructure(bytes)
            (width, height, bitDepth, channels) = (png.width, png.height, png.bitDepth, png.colorType.channels)
            orientation = png.orientation
            workingBytes = png.workingBytesPerPixel
            details = .png(png)
        case .webP:
            let webP = try WebPStructure(bytes)
            (width, height, bitDepth, channels) = (webP.width, webP.height, 8, webP.hasAlpha ? 4 : 3)
            orientation = webP.orientation
            workingBytes = webP.workingBytesPerPixel
            details = .webP(webP)
        case .pdf:
            throw .unsupported(found: "a PDF document where an image was expected")
        case .mp4, .matroska, .avi:
            throw .unsupported(found: "a video (\(format.rawValue)) where an image was expected")
        }
        try limits.check(width: width, height: height, workingBytesPerPixel: workingBytes)
        if case .jpeg(let jpeg) = details, jpeg.scans > limits.scans {
            throw .overLimit(what: "the JPEG", found: jpeg.scans, allowed: limits.scans, unit: "scans")
        }
    }

    /// Throws when another file begins where the image ends: such a file is two things at once, and only one was asked
    /// about. Other bytes after an image (a phone's video or gain map) are ignored, as other readers do.
    static func checkTrailer(_ bytes: RawSpan, format: ImageFormat, end: Int) throws(ImagingError) {
        if bytes.has([0x50, 0x4B, 3, 4], at: end) {
            throw .unsupported(found: "a \(format.rawValue) image with a ZIP archive after it")
        }
        if bytes.has("%PDF-", at: end) {
            throw .unsupported(found: "a \(format.rawValue) image with a PDF document after it")
        }
    }
}
