// Text of a growing sequence of ids, piece by piece. Never splits a scalar. Knows no sampling and no stop strings.

/// Gives out text as soon as it is certain: equal, step by step, to Hugging Face's `DecodeStream`.
///
/// Text is held back while it would end in U+FFFD, because the next token may complete the character. The pieces,
/// with `finish()` last, join to what `Tokenizer.decode` gives for all ids.
package struct StreamingDetokenizer: Sendable {
    private let tokenizer: Tokenizer
    private let skipSpecial: Bool
    /// Bytes not given out yet.
    private var held: [UInt8] = []

    package init(_ tokenizer: Tokenizer, skipSpecial: Bool) {
        self.tokenizer = tokenizer
        self.skipSpecial = skipSpecial
    }

    /// Takes the next id. Nil when it brings no text, or none that is certain.
    package mutating func append(_ id: Int32) -> String? {
        if skipSpecial && tokenizer.isSpecial(id) { return nil }
        held += tokenizer.bytes(of: id)
        guard endsInCertainScalar else { return nil }
        return flush()
    }

    /// The text held back, with U+FFFD for what never became a character; nil when there is none.
    package mutating func finish() -> String? {
        held.isEmpty ? nil : flush()
    }

    private mutating func flush() -> String {
        let text = String(decoding: held, as: UTF8.self)
        held.removeAll(keepingCapacity: true)
        return text
    }

    /// Whether the bytes end in a whole scalar other than U+FFFD. The last scalar does not depend on what is before.
    private var endsInCertainScalar: Bool {
        for length in 1...4 where length <= held.count {
            guard held[held.count - length] & 0xC0 != 0x80 else { continue }
            var iterator = held.suffix(length).makeIterator()
            var decoder = UTF8()
            guard case .scalarValue(let scalar) = decoder.decode(&iterator), iterator.next() == nil else {
                return false
            }
            return scalar != "\u{FFFD}" && UTF8.width(scalar) == length
        }
        return false
    }
}
