// WebP to RGB through libwebp. Knows nothing of files or orientation.

import CWebP

enum WebPDecoder {
    /// The image over white; of an animation, its first frame on the canvas.
    static func decode(_ bytes: RawSpan, _ structure: WebPStructure) throws(ImagingError) -> PixelImage {
        try bytes.withUnsafeBytes { input throws(ImagingError) in
            var features = WebPBitstreamFeatures()
            let hasAlpha =
                WebPGetFeatures(input.baseAddress?.assumingMemoryBound(to: UInt8.self), input.count, &features)
                == VP8_STATUS_OK && features.has_alpha != 0
            guard let frame = structure.firstFrame else {
                return try image(
                    input, width: structure.width, height: structure.height,
                    canvas: (structure.width, structure.height),
                    origin: (0, 0), hasAlpha: hasAlpha)
            }
            return try image(
                UnsafeRawBufferPointer(rebasing: input[frame.bitstream]), width: frame.width, height: frame.height,
                canvas: (structure.width, structure.height), origin: (frame.x, frame.y), hasAlpha: hasAlpha)
        }
    }

    /// A bitstream of `width` x `height` pixels placed at `origin` of a transparent canvas, which is black where the
    /// file has no alpha.
    private static func image(
        _ input: UnsafeRawBufferPointer, width: Int, height: Int, canvas: (width: Int, height: Int),
        origin: (x: Int, y: Int), hasAlpha: Bool
    ) throws(ImagingError) -> PixelImage {
        let data = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var features = WebPBitstreamFeatures()
        let status = WebPGetFeatures(data, input.count, &features)
        guard status == VP8_STATUS_OK else {
            if status == VP8_STATUS_NOT_ENOUGH_DATA {
                throw .truncated(format: "WebP", detail: "the bitstream header is incomplete")
            }
            throw .corrupt(format: "WebP", detail: "the bitstream header cannot be read (status \(status.rawValue))")
        }
        guard features.width == Int32(width), features.height == Int32(height) else {
            throw .corrupt(
                format: "WebP",
                detail: "the bitstream is \(features.width) x \(features.height) pixels, the header says "
                    + "\(width) x \(height)")
        }
        let channels = hasAlpha ? 4 : 3
        let stride = canvas.width * channels
        var samples = [UInt8](repeating: 0, count: stride * canvas.height)
        let start = origin.y * stride + origin.x * channels
        let isDecoded = samples.withUnsafeMutableBufferPointer { output in
            let place = output.baseAddress.map { $0 + start }
            return hasAlpha
                ? WebPDecodeRGBAInto(data, input.count, place, output.count - start, Int32(stride)) != nil
                : WebPDecodeRGBInto(data, input.count, place, output.count - start, Int32(stride)) != nil
        }
        guard isDecoded else {
            throw .corrupt(format: "WebP", detail: "the bitstream is damaged or ends too early")
        }
        guard hasAlpha else { return PixelImage(width: canvas.width, height: canvas.height, pixels: samples) }
        let count = canvas.width * canvas.height
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * count) { output, written in
            samples.withUnsafeBufferPointer { input in
                for pixel in 0..<count {
                    for channel in 0..<3 {
                        output[3 * pixel + channel] = overWhite(input[4 * pixel + channel], alpha: input[4 * pixel + 3])
                    }
                }
            }
            written = 3 * count
        }
        return PixelImage(width: canvas.width, height: canvas.height, pixels: pixels)
    }
}
