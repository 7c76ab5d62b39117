// RGB to PNG through libspng, for images that have no file of their own. Knows nothing of what they show.

import CSPNG
package import Foundation

extension PixelImage {
    /// The image as a PNG file, lossless.
    /// - Throws: `outOfMemory`.
    package func png() throws(ImagingError) -> Data {
        let failure = ImagingError.outOfMemory(bytes: pixels.count)
        guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else { throw failure }
        defer { spng_ctx_free(context) }
        var header = spng_ihdr(
            width: UInt32(width), height: UInt32(height), bit_depth: 8,
            color_type: UInt8(SPNG_COLOR_TYPE_TRUECOLOR.rawValue), compression_method: 0, filter_method: 0,
            interlace_method: 0)
        spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1)
        spng_set_ihdr(context, &header)
        let code = pixels.withUnsafeBytes {
            spng_encode_image(
                context, $0.baseAddress, $0.count, Int32(SPNG_FMT_PNG.rawValue),
                Int32(SPNG_ENCODE_FINALIZE.rawValue))
        }
        var (count, fault): (Int, Int32) = (0, 0)
        guard code == Int32(SPNG_OK.rawValue), let bytes = spng_get_png_buffer(context, &count, &fault) else {
            throw failure
        }
        defer { free(bytes) }
        return Data(bytes: bytes, count: count)
    }
}
