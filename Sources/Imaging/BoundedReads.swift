// Reads of parsed bytes that cannot leave their bounds. Knows no format.

extension RawSpan {
    /// The byte at `offset`, or nil outside of the span.
    func byte(_ offset: Int) -> UInt8? {
        offset >= 0 && offset < byteCount ? unsafeLoad(fromByteOffset: offset, as: UInt8.self) : nil
    }

    func bigEndian16(_ offset: Int) -> Int? {
        guard offset >= 0, offset <= byteCount - 2 else { return nil }
        return Int(UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }

    func bigEndian32(_ offset: Int) -> Int? {
        guard offset >= 0, offset <= byteCount - 4 else { return nil }
        return Int(UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }

    func littleEndian16(_ offset: Int) -> Int? {
        guard offset >= 0, offset <= byteCount - 2 else { return nil }
        return Int(UInt16(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }

    func littleEndian24(_ offset: Int) -> Int? {
        guard let low = littleEndian16(offset), let high = byte(offset + 2) else { return nil }
        return low | Int(high) << 16
    }

    func littleEndian32(_ offset: Int) -> Int? {
        guard offset >= 0, offset <= byteCount - 4 else { return nil }
        return Int(UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }

    /// Whether the UTF-8 of `text` stands at `offset`.
    func has(_ text: StaticString, at offset: Int) -> Bool {
        guard offset >= 0, offset <= byteCount - text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount
        where byte(offset + index) != text.utf8Start[index] { return false }
        return true
    }

    /// Whether the bytes stand at `offset`.
    func has(_ bytes: [UInt8], at offset: Int) -> Bool {
        guard offset >= 0, offset <= byteCount - bytes.count else { return false }
        for index in bytes.indices where byte(offset + index) != bytes[index] { return false }
        return true
    }

    /// The first place at or after `start` and before `end` where the UTF-8 of `text` stands.
    func firstPlace(of text: StaticString, from start: Int = 0, before end: Int) -> Int? {
        var offset = Swift.max(start, 0)
        let last = Swift.min(end, byteCount) - text.utf8CodeUnitCount
        while offset <= last {
            if has(text, at: offset) { return offset }
            offset += 1
        }
        return nil
    }
}
