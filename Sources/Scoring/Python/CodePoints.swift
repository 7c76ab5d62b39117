// A text as Python sees it: a row of code points, never normalised. Knows nothing of scores.

/// Text compared and counted code point by code point. `String` counts graphemes and takes é in its two forms for equal,
/// which no public scorer does.
package struct CodePoints: Sendable, Hashable {
    package var scalars: [Unicode.Scalar]

    package init(_ scalars: some Sequence<Unicode.Scalar>) { self.scalars = Array(scalars) }

    package init(_ text: String) {
        var text = text
        self = text.withUTF8 { CodePoints(utf8: $0) }
    }

    /// Bytes that are no UTF-8 become U+FFFD.
    init(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        scalars = Array(unsafeUninitializedCapacity: bytes.count) { scalars, count in
            while count < bytes.count, bytes[count] < 0x80 {
                scalars.initializeElement(at: count, to: Unicode.Scalar(bytes[count]))
                count += 1
            }
            guard count < bytes.count else { return }
            // No code point is shorter than a byte, nor is a replacement.
            for scalar in String(decoding: bytes[count...], as: UTF8.self).unicodeScalars {
                scalars.initializeElement(at: count, to: scalar)
                count += 1
            }
        }
    }

    init(utf8 bytes: [UInt8]) { self = bytes.withUnsafeBufferPointer { CodePoints(utf8: $0) } }

    package var count: Int { scalars.count }
    package var isEmpty: Bool { scalars.isEmpty }
    package var text: String {
        String(unsafeUninitializedCapacity: scalars.reduce(0) { $0 + UTF8.width($1) }) { bytes in
            var length = 0
            for scalar in scalars {
                if scalar.value < 0x80 {
                    bytes[length] = UInt8(truncatingIfNeeded: scalar.value)
                    length += 1
                } else {
                    for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                        bytes[length] = byte
                        length += 1
                    }
                }
            }
            return length
        }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        scalars.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    package static func + (first: CodePoints, second: CodePoints) -> CodePoints {
        CodePoints(first.scalars + second.scalars)
    }
}

extension CodePoints: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.init(value) }
}

extension CodePoints: CustomStringConvertible {
    package var description: String { text }
}

// MARK: Finding

extension CodePoints {
    /// Offset of the first occurrence at or after `start`, as `str.find`; an empty part is found at once.
    package func firstOffset(of part: CodePoints, from start: Int = 0) -> Int? {
        guard let first = part.scalars.first else { return start <= count ? start : nil }
        let last = count - part.count
        guard start <= last else { return nil }
        return scalars.withUnsafeBufferPointer { text in
            part.scalars.withUnsafeBufferPointer { part in
                next: for offset in start...last where text[offset] == first {
                    for place in 1..<max(part.count, 1) where text[offset + place] != part[place] { continue next }
                    return offset
                }
                return nil
            }
        }
    }

    /// Offset of the last occurrence, as `str.rfind`.
    package func lastOffset(of part: CodePoints) -> Int? {
        guard count >= part.count else { return nil }
        return scalars.withUnsafeBufferPointer { text in
            part.scalars.withUnsafeBufferPointer { part in
                next: for offset in stride(from: text.count - part.count, through: 0, by: -1) {
                    for place in part.indices where text[offset + place] != part[place] { continue next }
                    return offset
                }
                return nil
            }
        }
    }

    package func contains(_ part: CodePoints) -> Bool { firstOffset(of: part) != nil }

    package func hasPrefix(_ part: CodePoints) -> Bool { scalars.starts(with: part.scalars) }

    package func hasSuffix(_ part: CodePoints) -> Bool {
        count >= part.count && scalars[(count - part.count)...].elementsEqual(part.scalars)
    }

    /// As `text[start:end]` with bounds inside the text.
    package subscript(range: Range<Int>) -> CodePoints { CodePoints(scalars[range]) }
    package subscript(range: PartialRangeFrom<Int>) -> CodePoints { CodePoints(scalars[range]) }
}

// MARK: Changing

extension CodePoints {
    /// As `str.replace`. An empty `part` is not asked for anywhere and replaces nothing.
    package func replacing(_ part: CodePoints, with other: CodePoints) -> CodePoints {
        guard !part.isEmpty, let first = firstOffset(of: part) else { return self }
        var result: [Unicode.Scalar] = []
        var (start, next) = (0, Optional(first))
        while let offset = next {
            result += scalars[start..<offset]
            result += other.scalars
            start = offset + part.count
            next = firstOffset(of: part, from: start)
        }
        return CodePoints(result + scalars[start...])
    }

    package func replacing(_ scalar: Unicode.Scalar, with other: Unicode.Scalar) -> CodePoints {
        CodePoints(scalars.map { $0 == scalar ? other : $0 })
    }

    package func removing(_ scalar: Unicode.Scalar) -> CodePoints {
        scalars.contains(scalar) ? CodePoints(scalars.filter { $0 != scalar }) : self
    }

    /// As `str.split(separator)`: empty pieces stay.
    package func split(on separator: CodePoints, most: Int = .max) -> [CodePoints] {
        precondition(!separator.isEmpty, "a separator has at least one code point")
        var pieces: [CodePoints] = []
        var start = 0
        while pieces.count < most, let offset = firstOffset(of: separator, from: start) {
            pieces.append(self[start..<offset])
            start = offset + separator.count
        }
        return pieces + [self[start...]]
    }

    /// As `separator.join(pieces)`.
    package static func joined(_ pieces: some Sequence<CodePoints>, by separator: CodePoints) -> CodePoints {
        var result: [Unicode.Scalar] = []
        for (index, piece) in pieces.enumerated() {
            if index > 0 { result += separator.scalars }
            result += piece.scalars
        }
        return CodePoints(result)
    }

    /// As `str.strip(characters)`: a set of code points, not a prefix.
    package func stripped(of characters: CodePoints) -> CodePoints { trimmed { characters.scalars.contains($0) } }

    /// As `str.rstrip(characters)`.
    package func strippedAtEnd(of characters: CodePoints) -> CodePoints {
        let end = scalars.lastIndex { !characters.scalars.contains($0) }.map { $0 + 1 } ?? 0
        return self[0..<end]
    }

    func trimmed(_ isTrimmed: (Unicode.Scalar) -> Bool) -> CodePoints {
        guard let first = scalars.firstIndex(where: { !isTrimmed($0) }),
            let last = scalars.lastIndex(where: { !isTrimmed($0) })
        else { return CodePoints([]) }
        return first == 0 && last == count - 1 ? self : CodePoints(scalars[first...last])
    }
}
