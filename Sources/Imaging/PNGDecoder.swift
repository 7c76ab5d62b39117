// PNG to RGB through libspng. Knows nothing of files or orientation; what samples mean is `PNGRowConverter`'s.

import CSPNG

enum PNGDecoder {
    /// The stored image over white. Chunks before the pixel data must be whole; those after it are not read.
    static func decode(_ bytes: RawSpan, _ structure: PNGStructure) throws(ImagingError) -> PixelImage {
        guard let context = spng_ctx_new(0) else { throw .outOfMemory(bytes: 3 * structure.width * structure.height) }
        defer { spng_ctx_free(context) }
        let converter = try PNGRowConverter(structure)
        let pixels = try bytes.withUnsafeBytes { input throws(ImagingError) in
            try check(spng_set_png_buffer(context, input.baseAddress, input.count))
            // Bounds on metadata that the library keeps or inflates: one chunk, and all of them.
            try check(spng_set_chunk_limits(context, 8 << 20, 16 << 20))
            try check(spng_set_crc_action(context, Int32(SPNG_CRC_ERROR.rawValue), Int32(SPNG_CRC_ERROR.rawValue)))
            return structure.isInterlaced
                ? try whole(context, structure, converter) : try rowByRow(context, structure, converter)
        }
        return PixelImage(width: structure.width, height: structure.height, pixels: pixels)
    }

    private static func rowByRow(
        _ context: OpaquePointer, _ structure: PNGStructure, _ converter: PNGRowConverter
    ) throws(ImagingError) -> [UInt8] {
        try check(
            spng_decode_image(context, nil, 0, Int32(SPNG_FMT_RAW.rawValue), Int32(SPNG_DECODE_PROGRESSIVE.rawValue)))
        var row = [UInt8](repeating: 0, count: converter.rowBytes)
        var pixels = [UInt8](repeating: 0, count: 3 * structure.width * structure.height)
        for y in 0..<structure.height {
            let code = row.withUnsafeMutableBytes { spng_decode_row(context, $0.baseAddress, $0.count) }
            if code == Int32(SPNG_EOI.rawValue) {
                guard y == structure.height - 1 else {
                    throw .truncated(format: "PNG", detail: "pixel data ends after row \(y + 1) of \(structure.height)")
                }
            } else {
                try check(code)
            }
            let target = 3 * structure.width * y..<3 * structure.width * (y + 1)
            row.withUnsafeBufferPointer { input in
                pixels.withUnsafeMutableBufferPointer { output in
                    converter.convert(input, to: UnsafeMutableBufferPointer(rebasing: output[target]))
                }
            }
        }
        return pixels
    }

    private static func whole(
        _ context: OpaquePointer, _ structure: PNGStructure, _ converter: PNGRowConverter
    ) throws(ImagingError) -> [UInt8] {
        var stored = [UInt8](repeating: 0, count: converter.rowBytes * structure.height)
        try check(
            stored.withUnsafeMutableBytes {
                spng_decode_image(context, $0.baseAddress, $0.count, Int32(SPNG_FMT_RAW.rawValue), 0)
            })
        var pixels = [UInt8](repeating: 0, count: 3 * structure.width * structure.height)
        stored.withUnsafeBufferPointer { input in
            pixels.withUnsafeMutableBufferPointer { output in
                for y in 0..<structure.height {
                    let source = converter.rowBytes * y..<converter.rowBytes * (y + 1)
                    let target = 3 * structure.width * y..<3 * structure.width * (y + 1)
                    converter.convert(
                        UnsafeBufferPointer(rebasing: input[source]),
                        to: UnsafeMutableBufferPointer(rebasing: output[target]))
                }
            }
        }
        return pixels
    }

    private static func check(_ code: Int32) throws(ImagingError) {
        if code == Int32(SPNG_OK.rawValue) { return }
        if code == Int32(SPNG_IO_EOF.rawValue) {
            throw .truncated(format: "PNG", detail: "the data ends too early")
        }
        throw .corrupt(format: "PNG", detail: spng_strerror(code).map { String(cString: $0) } ?? "fault \(code)")
    }
}
