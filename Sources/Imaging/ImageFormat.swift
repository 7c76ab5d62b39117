// Which format a file is, by its first bytes. Knows nothing of file names and nothing past the magic.

/// What the first bytes of a file say it is.
package enum ImageFormat: String, Sendable, CaseIterable {
    case jpeg = "JPEG"
    case png = "PNG"
    case webP = "WebP"
    case pdf = "PDF"
    /// QuickTime too, of which it is a descendant.
    case mp4 = "MP4"
    /// WebM too, which is a subset.
    case matroska = "Matroska"
    case avi = "AVI"

    package var isVideo: Bool {
        switch self {
        case .mp4, .matroska, .avi: true
        case .jpeg, .png, .webP, .pdf: false
        }
    }

    /// Bytes that `init(sniffing:)` looks at, at most.
    package static let sniffedBytes = 1024

    /// The accepted format that `bytes` begin with.
    ///
    /// Throws `empty`, or `unsupported` with the name of what it is where that can be told.
    package init(sniffing bytes: RawSpan) throws(ImagingError) {
        guard bytes.byteCount > 0 else { throw .empty }
        if bytes.has([0xFF, 0xD8, 0xFF], at: 0) {
            self = .jpeg
        } else if bytes.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0) {
            self = .png
        } else if bytes.has("RIFF", at: 0), bytes.has("WEBP", at: 8) {
            self = .webP
        } else if bytes.has("%PDF-", at: 0) {
            self = .pdf
        } else if bytes.has([0x1A, 0x45, 0xDF, 0xA3], at: 0) {
            self = .matroska
        } else if bytes.has("RIFF", at: 0), bytes.has("AVI ", at: 8) {
            self = .avi
        } else if Self.isMP4(bytes) {
            self = .mp4
        } else {
            throw Self.refusal(bytes)
        }
    }

    /// Files of this kind begin with a box whose name stands after its length; images are kept in such boxes too.
    private static func isMP4(_ bytes: RawSpan) -> Bool {
        if bytes.has("ftyp", at: 4) { return stillBrand(bytes) == nil }
        return bytes.has("moov", at: 4) || bytes.has("mdat", at: 4) || bytes.has("wide", at: 4)
    }

    /// The name of an image type by the brand of its first box.
    private static func stillBrand(_ bytes: RawSpan) -> String? {
        if bytes.has("avif", at: 8) || bytes.has("avis", at: 8) { return "an AVIF image" }
        for brand: StaticString in ["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1", "heif"]
        where bytes.has(brand, at: 8) { return "a HEIC image" }
        return nil
    }

    private static func refusal(_ bytes: RawSpan) -> ImagingError {
        let magics: [(magic: [UInt8], format: String)] = [
            ([0xFF, 0xD8, 0xFF], "JPEG"),
            ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "PNG"),
            (Array("RIFF".utf8), "WebP"),
            (Array("%PDF-".utf8), "PDF"),
        ]
        for (magic, format) in magics where bytes.byteCount < magic.count {
            if bytes.has(Array(magic.prefix(bytes.byteCount)), at: 0) {
                return .truncated(format: format, detail: "only \(bytes.byteCount) bytes")
            }
        }
        if bytes.has("RIFF", at: 0), bytes.byteCount < 12 {
            return .truncated(format: "WebP", detail: "only \(bytes.byteCount) bytes")
        }
        return .unsupported(found: otherType(bytes))
    }

    /// The name of a type that is recognised in order to be refused by name.
    private static func otherType(_ bytes: RawSpan) -> String? {
        if bytes.has("GIF8", at: 0) { return "a GIF image" }
        if bytes.has([0x49, 0x49, 0x2A, 0], at: 0) || bytes.has([0x4D, 0x4D, 0, 0x2A], at: 0)
            || bytes.has([0x49, 0x49, 0x2B, 0], at: 0) || bytes.has([0x4D, 0x4D, 0, 0x2B], at: 0)
        {
            return "a TIFF image"
        }
        if bytes.has("ftyp", at: 4), let name = stillBrand(bytes) { return name }
        if bytes.has("BM", at: 0), bytes.byteCount >= 14 { return "a BMP image" }
        if bytes.has([0, 0, 1, 0], at: 0) { return "an ICO image" }
        if bytes.has([0, 0, 0, 0x0C, 0x6A, 0x50], at: 0) || bytes.has([0xFF, 0x4F, 0xFF, 0x51], at: 0) {
            return "a JPEG 2000 image"
        }
        if bytes.has([0xFF, 0x0A], at: 0) || bytes.has([0, 0, 0, 0x0C, 0x4A, 0x58], at: 0) {
            return "a JPEG XL image"
        }
        if bytes.has("8BPS", at: 0) { return "a Photoshop file" }
        if bytes.has([0x50, 0x4B, 3, 4], at: 0) { return "a ZIP archive or office document" }
        if bytes.has("RIFF", at: 0) { return "a RIFF file that is neither WebP nor AVI" }
        return markupType(bytes)
    }

    private static func markupType(_ bytes: RawSpan) -> String? {
        let window = min(bytes.byteCount, sniffedBytes)
        if bytes.firstPlace(of: "<svg", before: window) != nil { return "an SVG drawing" }
        if bytes.firstPlace(of: "%PDF-", before: window) != nil { return "a PDF with bytes before its %PDF- mark" }
        if bytes.firstPlace(of: "<html", before: window) != nil
            || bytes.firstPlace(of: "<!DOCTYPE html", before: window) != nil
        {
            return "an HTML page"
        }
        return nil
    }
}
