// The form in which child processes hand over pixels: a binary portable pixmap. Knows neither who writes it nor why.

/// "P6", width, height, 255, one white space, samples.
package enum PortablePixmap {
    package struct Header: Equatable {
        package let width: Int
        package let height: Int
        /// Bytes before the samples.
        package let length: Int
        /// Bytes of the samples.
        package var sampleBytes: Int { 3 * width * height }
    }

    /// Longest header that is read.
    static let longestHeader = 64

    /// The header that `bytes` begin with; nil when they begin with none, or with only a part of one.
    package static func header(_ bytes: RawSpan) -> Header? {
        var offset = 2
        func number() -> Int? {
            while let byte = bytes.byte(offset), [0x20, 0x0A, 0x0D, 0x09].contains(byte) { offset += 1 }
            var value = 0
            let start = offset
            while let byte = bytes.byte(offset), (0x30...0x39).contains(byte), offset - start < 9 {
                value = value * 10 + Int(byte - 0x30)
                offset += 1
            }
            return offset > start ? value : nil
        }
        guard bytes.has("P6", at: 0), let width = number(), let height = number(), number() == 255, width > 0,
            height > 0, bytes.byte(offset) != nil
        else { return nil }
        let area = width.multipliedReportingOverflow(by: height)
        guard !area.overflow, area.partialValue <= Int.max / 4 else { return nil }
        return Header(width: width, height: height, length: offset + 1)
    }

    /// The one image that `bytes` are; nil when they are anything else.
    package static func image(_ bytes: RawSpan) -> PixelImage? {
        guard let header = header(bytes), bytes.byteCount - header.length == header.sampleBytes else { return nil }
        return PixelImage(
            width: header.width, height: header.height, pixels: bytes.bytes(in: header.length..<bytes.byteCount))
    }

    /// Cuts a stream of images, one directly after another, into images.
    package struct Stream {
        /// Pixels of an image at most.
        let pixels: Int
        private var held: [UInt8] = []
        private var header: Header?

        package init(pixels: Int) { self.pixels = pixels }

        /// Takes the next bytes and hands over each image they complete.
        /// - Returns: false when the bytes are no such stream, an image is larger than allowed, or `take` returns false.
        package mutating func append(_ bytes: UnsafeRawBufferPointer, _ take: (PixelImage) -> Bool) -> Bool {
            var rest = bytes[...]
            while true {
                guard let header else {
                    let count = min(rest.count, PortablePixmap.longestHeader - held.count)
                    held += rest.prefix(count)
                    rest = rest.dropFirst(count)
                    guard let found = PortablePixmap.header(held.span.bytes) else {
                        return held.count < PortablePixmap.longestHeader
                    }
                    guard found.width * found.height <= pixels else { return false }
                    header = found
                    held.removeFirst(found.length)
                    held.reserveCapacity(found.sampleBytes)
                    continue
                }
                let count = min(rest.count, header.sampleBytes - held.count)
                if count > 0 {
                    held += rest.prefix(count)
                    rest = rest.dropFirst(count)
                }
                guard held.count >= header.sampleBytes else { return true }
                let after = Array(held[header.sampleBytes...])
                held.removeLast(after.count)
                guard take(PixelImage(width: header.width, height: header.height, pixels: held)) else { return false }
                held = after
                self.header = nil
                if held.isEmpty, rest.isEmpty { return true }
            }
        }
    }
}
