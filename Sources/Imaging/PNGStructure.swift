// The chunks of a PNG file (W3C PNG, third edition), walked from end to end. Inflates nothing.

/// Image header, palette, transparency and metadata of a PNG.
package struct PNGStructure: Sendable, Equatable {
    package enum ColorType: UInt8, Sendable {
        case gray = 0
        case rgb = 2
        case palette = 3
        case grayAlpha = 4
        case rgba = 6

        var channels: Int {
            switch self {
            case .gray, .palette: 1
            case .grayAlpha: 2
            case .rgb: 3
            case .rgba: 4
            }
        }

        var bitDepths: [Int] {
            switch self {
            case .gray: [1, 2, 4, 8, 16]
            case .palette: [1, 2, 4, 8]
            case .rgb, .grayAlpha, .rgba: [8, 16]
            }
        }
    }

    package let width: Int
    package let height: Int
    /// Bits of a sample, or of a palette index.
    package let bitDepth: Int
    package let colorType: ColorType
    package let isInterlaced: Bool
    /// Content of `PLTE`: red, green, blue of each entry.
    package let palette: [UInt8]
    /// Content of `tRNS`, nil when there is none.
    package let transparency: [UInt8]?
    package let orientation: Orientation

    /// Bytes a decoder holds for a pixel: an interlaced image is decoded whole, others row by row.
    var workingBytesPerPixel: Int {
        3 + (isInterlaced ? max(1, colorType.channels * bitDepth / 8) : 0)
    }

    init(_ bytes: RawSpan) throws(ImagingError) {
        guard bytes.byteCount >= 33 else {
            throw .truncated(format: "PNG", detail: "\(bytes.byteCount) bytes, the header alone takes 33")
        }
        guard bytes.has("IHDR", at: 12), bytes.bigEndian32(8) == 13, let width = bytes.bigEndian32(16),
            let height = bytes.bigEndian32(20), let depth = bytes.byte(24), let type = bytes.byte(25),
            let compression = bytes.byte(26), let filter = bytes.byte(27), let interlace = bytes.byte(28)
        else { throw .corrupt(format: "PNG", detail: "the first chunk is not an IHDR of 13 bytes") }
        guard (1...0x7FFF_FFFF).contains(width), (1...0x7FFF_FFFF).contains(height) else {
            throw .corrupt(format: "PNG", detail: "the image is \(width) x \(height) pixels, expected >= 1 x 1")
        }
        guard let colorType = ColorType(rawValue: type), colorType.bitDepths.contains(Int(depth)) else {
            throw .corrupt(format: "PNG", detail: "colour type \(type) with bit depth \(depth) does not exist")
        }
        guard compression == 0, filter == 0, interlace <= 1 else {
            throw .corrupt(
                format: "PNG",
                detail: "compression \(compression), filter \(filter), interlace \(interlace); expected 0, 0, 0 or 1")
        }
        self.width = width
        self.height = height
        bitDepth = Int(depth)
        self.colorType = colorType
        isInterlaced = interlace == 1
        let chunks = try Chunks(bytes)
        palette = chunks.palette
        transparency = chunks.transparency
        orientation = Orientation(exif: chunks.exif, xmp: chunks.xmp)
    }

    /// What the chunks after `IHDR` hold. Stops quietly at the end of the bytes: whether pixel data is complete is for
    /// the decoder to say.
    private struct Chunks {
        var palette: [UInt8] = []
        var transparency: [UInt8]?
        var exif: [UInt8] = []
        var xmp: [UInt8] = []

        init(_ bytes: RawSpan) throws(ImagingError) {
            var offset = 33
            var hasData = false
            while let length = bytes.bigEndian32(offset), length <= bytes.byteCount - offset - 12 {
                let content = offset + 8..<offset + 8 + length
                if bytes.has("IDAT", at: offset + 4) {
                    hasData = true
                } else if bytes.has("PLTE", at: offset + 4) {
                    guard length % 3 == 0, (3...768).contains(length) else {
                        throw .corrupt(format: "PNG", detail: "the palette has \(length) bytes, expected 3 to 768")
                    }
                    palette = bytes.bytes(in: content)
                } else if bytes.has("tRNS", at: offset + 4), !hasData {
                    guard length <= 256 else {
                        throw .corrupt(format: "PNG", detail: "tRNS has \(length) bytes, expected <= 256")
                    }
                    transparency = bytes.bytes(in: content)
                } else if bytes.has("eXIf", at: offset + 4) {
                    exif = bytes.bytes(in: content)
                } else if bytes.has("iTXt", at: offset + 4), bytes.has("XML:com.adobe.xmp\0\0", at: content.lowerBound)
                {
                    xmp = bytes.bytes(in: content)
                } else if bytes.has("IEND", at: offset + 4) {
                    try ImageHeader.checkTrailer(bytes, format: .png, end: content.upperBound + 4)
                    break
                }
                offset = content.upperBound + 4
            }
        }
    }
}
