// Cuts text into the pieces inside which merges happen: the Llama-3 rule, by hand over UTF-8. Knows no vocabulary.

/// Scanner equal to the regular expression of Llama-3 tokenizer files under Oniguruma, which is what Hugging Face
/// `tokenizers` runs. Every character belongs to exactly one piece, and scanning is linear in the text.
package struct PreTokenizer: Sendable {
    /// The expression that tokenizer.json must hold for this scanner to be right.
    static let pattern =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"#
        + #"\s*[\r\n]+|\s+(?!\S)|\s+"#

    private let classes = ScalarClasses.shared

    package init() {}

    /// End of the piece that starts at `start`, which must be below `limit`. `bytes` is UTF-8, and `limit` ends a
    /// scalar.
    package func end(of bytes: Span<UInt8>, from start: Int, limit: Int) -> Int {
        let lead = bytes[start]
        if lead == UInt8(ascii: "'"), let end = contraction(bytes, start, limit) { return end }
        var next = start
        let first = classify(bytes, &next, limit)
        switch first {
        case ScalarClass.letter:
            return run(of: ScalarClass.letter, bytes, next, limit)
        case ScalarClass.number:
            for _ in 0..<2 where next < limit {
                var after = next
                if classify(bytes, &after, limit) == ScalarClass.number { next = after }
            }
            return next
        case ScalarClass.newline:
            return spaces(bytes, start, limit)
        default:
            break
        }
        var second = ScalarClass.space
        var afterSecond = next
        if next < limit { second = classify(bytes, &afterSecond, limit) }
        if second == ScalarClass.letter {
            return run(of: ScalarClass.letter, bytes, afterSecond, limit)
        }
        if first == ScalarClass.other || (lead == UInt8(ascii: " ") && second == ScalarClass.other && next < limit) {
            var end = run(of: ScalarClass.other, bytes, next, limit)
            while end < limit, bytes[end] == 0x0A || bytes[end] == 0x0D { end += 1 }
            return end
        }
        return spaces(bytes, start, limit)
    }

    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)`; U+017F, the long s, folds to s.
    private func contraction(_ bytes: Span<UInt8>, _ start: Int, _ limit: Int) -> Int? {
        guard start + 1 < limit else { return nil }
        let second = start + 2 < limit ? bytes[start + 2] : 0
        switch (bytes[start + 1] | 0x20, second | 0x20) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
            return start + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        default:
            return bytes[start + 1] == 0xC5 && second == 0xBF ? start + 3 : nil
        }
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last newline of the run; else all of it at the end of the text; else all
    /// but its last character, which goes with what follows.
    private func spaces(_ bytes: Span<UInt8>, _ start: Int, _ limit: Int) -> Int {
        var end = start
        var last = start
        var afterNewline = start
        while end < limit {
            var next = end
            let kind = classify(bytes, &next, limit)
            guard kind >= ScalarClass.space else { break }
            last = end
            end = next
            if kind == ScalarClass.newline { afterNewline = end }
        }
        if afterNewline > start { return afterNewline }
        return end == limit || last == start ? end : last
    }

    private func run(of kind: UInt8, _ bytes: Span<UInt8>, _ start: Int, _ limit: Int) -> Int {
        var end = start
        while end < limit {
            var next = end
            guard classify(bytes, &next, limit) == kind else { break }
            end = next
        }
        return end
    }

    /// Class of the scalar at `index`, which moves behind it.
    @inline(__always)
    private func classify(_ bytes: Span<UInt8>, _ index: inout Int, _ limit: Int) -> UInt8 {
        let lead = bytes[index]
        if lead < 0x80 {
            index += 1
            return classes.ofASCII(lead)
        }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard index + length <= limit else {
            index = limit
            return ScalarClass.other
        }
        var scalar = UInt32(lead) & (0x7F >> UInt32(length))
        for offset in 1..<length { scalar = scalar << 6 | UInt32(bytes[index + offset] & 0x3F) }
        index += length
        return scalar < 0x110000 ? classes.of(scalar) : ScalarClass.other
    }
}
