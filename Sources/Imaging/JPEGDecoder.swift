// JPEG to RGB through libjpeg-turbo. Knows nothing of files or orientation.

import CTurboJPEG

enum JPEGDecoder {
    /// The stored image. Damage inside the entropy-coded data decodes to whatever the library makes of it, as in
    /// Pillow; a missing end is an error.
    ///
    /// Integer slow DCT and smooth chroma upsampling, the library's defaults and Pillow's.
    static func decode(_ bytes: RawSpan, _ structure: JPEGStructure) throws(ImagingError) -> PixelImage {
        guard structure.isComplete else {
            throw .truncated(format: "JPEG", detail: "no end-of-image marker in \(bytes.byteCount) bytes")
        }
        guard structure.scans > 0 else { throw .corrupt(format: "JPEG", detail: "there is no scan") }
        guard let handle = tjInitDecompress() else { throw .outOfMemory(bytes: 3 * structure.width * structure.height) }
        defer { tjDestroy(handle) }
        let (width, height) = (structure.width, structure.height)
        if structure.components != 4 {
            let pixels = try samples(bytes, handle, width, height, channels: 3, format: TJPF_RGB)
            return PixelImage(width: width, height: height, pixels: pixels)
        }
        let inks = try samples(bytes, handle, width, height, channels: 4, format: TJPF_CMYK)
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { output, count in
            inks.withUnsafeBufferPointer { input in
                for pixel in 0..<width * height {
                    let black = input[4 * pixel + 3]
                    output[3 * pixel] = fromInvertedInk(input[4 * pixel], black: black)
                    output[3 * pixel + 1] = fromInvertedInk(input[4 * pixel + 1], black: black)
                    output[3 * pixel + 2] = fromInvertedInk(input[4 * pixel + 2], black: black)
                }
            }
            count = 3 * width * height
        }
        return PixelImage(width: width, height: height, pixels: pixels)
    }

    private static func samples(
        _ bytes: RawSpan, _ handle: tjhandle, _ width: Int, _ height: Int, channels: Int, format: TJPF
    ) throws(ImagingError) -> [UInt8] {
        let count = width * height * channels
        // Zeroed: rows the library does not reach are black, not old memory.
        var result = [UInt8](repeating: 0, count: count)
        let code = bytes.withUnsafeBytes { input in
            result.withUnsafeMutableBufferPointer { output in
                tjDecompress2(
                    handle, input.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(input.count),
                    output.baseAddress, Int32(width), Int32(width * channels), Int32(height), format.rawValue.signed,
                    TJFLAG_LIMITSCANS)
            }
        }
        if code != 0, tjGetErrorCode(handle) != TJERR_WARNING.rawValue.signed {
            let detail = tjGetErrorStr2(handle).map { String(cString: $0) }
            throw .corrupt(format: "JPEG", detail: detail ?? "unknown fault")
        }
        return result
    }
}

extension BinaryInteger {
    /// C enumerations are imported with the type the compiler chose for them; functions take `int`.
    fileprivate var signed: Int32 { Int32(truncatingIfNeeded: self) }
}
