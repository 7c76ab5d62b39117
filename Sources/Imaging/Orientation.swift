// The EXIF orientation of an image (EXIF 2.3, tag 0x0112). Knows nothing of the format that carries it.

/// How stored rows and columns lie on the page. The raw value is EXIF's.
package enum Orientation: Int, Sendable, CaseIterable {
    case upright = 1
    case mirrored = 2
    case rotated180 = 3
    case flipped = 4
    case transposed = 5
    /// The page is the stored image turned clockwise by a quarter.
    case rotated90 = 6
    case transversed = 7
    case rotated270 = 8

    /// Whether width and height change places.
    package var swapsSides: Bool { rawValue >= 5 }

    /// The orientation named by an EXIF block, else by an XMP packet, else upright. Garbage is upright: a picture is
    /// not refused for its metadata.
    ///
    /// - Parameter exif: a TIFF structure, with or without "Exif" and two zeros before it; empty when there is none.
    package init(exif: [UInt8], xmp: [UInt8] = []) {
        switch exif.isEmpty ? ExifReading.absent : Self.read(exif: exif.span.bytes) {
        case .value(let value): self = Orientation(rawValue: value) ?? .upright
        case .absent: self = Self.read(xmp: xmp.span.bytes) ?? .upright
        case .garbage: self = .upright
        }
    }

    private enum ExifReading {
        case value(Int)
        case absent
        case garbage
    }

    private static func read(exif bytes: RawSpan) -> ExifReading {
        var start = 0
        for _ in 0..<2 where bytes.has("Exif\0\0", at: start) { start += 6 }
        let isLittle = bytes.has("II", at: start)
        guard isLittle || bytes.has("MM", at: start) else { return .garbage }
        func short(_ offset: Int) -> Int? { isLittle ? bytes.littleEndian16(offset) : bytes.bigEndian16(offset) }
        func long(_ offset: Int) -> Int? { isLittle ? bytes.littleEndian32(offset) : bytes.bigEndian32(offset) }
        guard short(start + 2) == 42, let directory = long(start + 4) else { return .garbage }
        guard let entries = short(start + directory) else { return .absent }
        var result = ExifReading.absent
        for entry in 0..<entries {
            let offset = start + directory + 2 + 12 * entry
            guard let tag = short(offset), let type = short(offset + 2), let count = long(offset + 4),
                long(offset + 8) != nil
            else { break }
            guard tag == 0x0112, count == 1 else { continue }
            switch type {
            case 3, 8: result = .value(short(offset + 8) ?? 1)
            case 4, 9: result = .value(long(offset + 8) ?? 1)
            case 6: result = .value(bytes.byte(offset + 8).map(Int.init) ?? 1)
            default: result = .value(1)
            }
        }
        return result
    }

    /// The digit after `tiff:Orientation="` or `tiff:Orientation>`.
    private static func read(xmp bytes: RawSpan) -> Orientation? {
        let name: StaticString = "tiff:Orientation"
        var from = 0
        while let place = bytes.firstPlace(of: name, from: from, before: bytes.byteCount) {
            from = place + name.utf8CodeUnitCount
            let skipped = bytes.has("=\"", at: from) ? 2 : bytes.has(">", at: from) ? 1 : 0
            if skipped > 0, let digit = bytes.byte(from + skipped), (0x30...0x39).contains(digit) {
                return Orientation(rawValue: Int(digit) - 0x30) ?? .upright
            }
        }
        return nil
    }
}
