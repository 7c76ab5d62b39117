// From the bytes of an image to an upright RGB image. Knows nothing of files.

extension PixelImage {
    /// Decodes a JPEG, PNG or WebP: header and limits first, then pixels over white, then the EXIF orientation.
    ///
    /// Equal to Pillow 13 followed by vLLM's conversion to RGB, byte for byte.
    package init(decoding bytes: RawSpan, limits: ImageLimits = ImageLimits()) throws(ImagingError) {
        let header = try ImageHeader(bytes, limits: limits)
        let stored =
            switch header.details {
            case .jpeg(let structure): try JPEGDecoder.decode(bytes, structure)
            case .png(let structure): try PNGDecoder.decode(bytes, structure)
            case .webP(let structure): try WebPDecoder.decode(bytes, structure)
            }
        self = stored.applying(header.orientation)
    }
}
