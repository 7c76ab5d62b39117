// The markers of a JPEG file (ITU-T T.81 annex B), walked from end to end. Decodes nothing.

/// Frame header, number of scans and metadata of a JPEG.
package struct JPEGStructure: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// Bits of a sample.
    package let precision: Int
    package let components: Int
    package let isProgressive: Bool
    /// Start-of-scan markers in the file.
    package let scans: Int
    /// Whether the end-of-image marker is there; a decoder would otherwise make up what is missing.
    package let isComplete: Bool
    package let orientation: Orientation

    /// Bytes a decoder holds for a pixel: 16-bit coefficients of a progressive image, CMYK rows, and the RGB result.
    var workingBytesPerPixel: Int {
        3 + (isProgressive ? 2 * components : 0) + (components == 4 ? 4 : 0)
    }

    init(_ bytes: RawSpan) throws(ImagingError) {
        var frame: Frame?
        var metadata = Metadata()
        var scans = 0
        var isComplete = false
        var offset = 2
        while let marker = Self.nextMarker(bytes, &offset) {
            if marker == 0xD9 {
                isComplete = true
                break
            }
            if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
            guard let length = bytes.bigEndian16(offset) else { break }
            guard length >= 2 else {
                throw .corrupt(format: "JPEG", detail: "segment at byte \(offset) has length \(length), expected >= 2")
            }
            let segment = offset..<offset + length
            guard segment.upperBound <= bytes.byteCount else { break }
            switch marker {
            case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
                if frame == nil { frame = try Frame(bytes, segment, marker) }
            case 0xDA:
                guard frame != nil else {
                    throw .corrupt(format: "JPEG", detail: "a scan begins before the frame header")
                }
                scans += 1
            case 0xE1:
                if scans == 0 { metadata.read(bytes, segment) }
            default:
                break
            }
            offset = segment.upperBound
        }
        guard let frame else {
            throw .truncated(format: "JPEG", detail: "no frame header in \(bytes.byteCount) bytes")
        }
        if isComplete { try ImageHeader.checkTrailer(bytes, format: .jpeg, end: offset) }
        width = frame.width
        height = frame.height
        precision = frame.precision
        components = frame.components
        isProgressive = frame.isProgressive
        self.scans = scans
        self.isComplete = isComplete
        orientation = Orientation(exif: metadata.exif, xmp: metadata.xmp)
    }

    /// The code of the next marker at or after `offset`, which is left behind it. Skips entropy-coded data, stuffed
    /// zero bytes and fill bytes.
    private static func nextMarker(_ bytes: RawSpan, _ offset: inout Int) -> UInt8? {
        bytes.withUnsafeBytes { buffer in
            while offset < buffer.count - 1 {
                if buffer[offset] != 0xFF {
                    offset += 1
                    continue
                }
                let code = buffer[offset + 1]
                if code == 0xFF {
                    offset += 1
                } else if code == 0 {
                    offset += 2
                } else {
                    offset += 2
                    return code
                }
            }
            return nil
        }
    }

    private struct Frame {
        let width: Int
        let height: Int
        let precision: Int
        let components: Int
        let isProgressive: Bool

        init(_ bytes: RawSpan, _ segment: Range<Int>, _ marker: UInt8) throws(ImagingError) {
            let start = segment.lowerBound
            guard segment.count >= 8, let precision = bytes.byte(start + 2), let height = bytes.bigEndian16(start + 3),
                let width = bytes.bigEndian16(start + 5), let components = bytes.byte(start + 7)
            else {
                throw .corrupt(format: "JPEG", detail: "the frame header has \(segment.count) bytes, expected >= 8")
            }
            guard width > 0, height > 0 else {
                throw .corrupt(format: "JPEG", detail: "the frame is \(width) x \(height) pixels, expected >= 1 x 1")
            }
            guard [0xC0, 0xC1, 0xC2, 0xC9, 0xCA].contains(marker) else {
                throw .variant(
                    format: "JPEG", found: "\(Self.processName(marker)) coding",
                    expected: "baseline, extended sequential or progressive")
            }
            guard precision == 8 else {
                throw .variant(format: "JPEG", found: "\(precision)-bit samples", expected: "8-bit samples")
            }
            guard [1, 3, 4].contains(components) else {
                throw .variant(
                    format: "JPEG", found: "\(components) components", expected: "1 (gray), 3 (colour) or 4 (CMYK)")
            }
            guard segment.count >= 8 + 3 * Int(components) else {
                throw .corrupt(
                    format: "JPEG",
                    detail: "the frame header has \(segment.count) bytes, expected \(8 + 3 * Int(components))")
            }
            self.width = width
            self.height = height
            self.precision = Int(precision)
            self.components = Int(components)
            isProgressive = marker == 0xC2 || marker == 0xCA
        }

        private static func processName(_ marker: UInt8) -> String {
            switch marker {
            case 0xC3, 0xCB: "lossless"
            case 0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF: "hierarchical"
            default: "unknown"
            }
        }
    }

    /// EXIF and XMP of the APP1 segments before the first scan.
    private struct Metadata {
        var exif: [UInt8] = []
        var xmp: [UInt8] = []

        mutating func read(_ bytes: RawSpan, _ segment: Range<Int>) {
            let xmpName: StaticString = "http://ns.adobe.com/xap/1.0/\0"
            let content = segment.lowerBound + 2..<segment.upperBound
            if content.count >= 6, bytes.has("Exif\0\0", at: content.lowerBound) {
                // A long EXIF block continues in the next segment.
                exif += bytes.bytes(in: content.dropFirst(6))
            } else if content.count >= xmpName.utf8CodeUnitCount, bytes.has(xmpName, at: content.lowerBound) {
                xmp = bytes.bytes(in: content.dropFirst(xmpName.utf8CodeUnitCount))
            }
        }
    }
}

extension RawSpan {
    /// A copy of the bytes of a range; the part outside of the span is left out.
    func bytes(in range: Range<Int>) -> [UInt8] {
        withUnsafeBytes { Array($0[range.clamped(to: 0..<$0.count)]) }
    }
}
