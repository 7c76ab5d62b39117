// The pieces of a prompt, each with its provenance. Knows no token ids.

/// One piece of a prompt. Only `.control` becomes control tokens, and an image stands where its segment stands: text
/// can spell anything without producing either.
package enum Segment: Sendable, Hashable {
    /// One control token, by its spelling.
    case control(String)
    /// Ordinary text, whoever wrote it.
    case text(String)
    /// An image, by its place in the list of images.
    case image(Int)
}

/// Spellings of the control tokens that prompts are built from.
package enum Spelling {
    package static let beginOfText = "<|begin_of_text|>"
    package static let startHeader = "<|start_header_id|>"
    package static let endHeader = "<|end_header_id|>"
    package static let endOfTurn = "<|eot_id|>"
    /// Stands where the embeddings of an image go, once for each.
    package static let image = "<image>"
    package static let imageStart = "<img>"
    package static let imageEnd = "</img>"
}

extension [Segment] {
    /// Appends a segment; text joins text, because tokens may span the border.
    mutating func join(_ segment: Segment) {
        switch (last, segment) {
        case (_, .text("")): return
        case (.text(let before), .text(let after)): self[count - 1] = .text(before + after)
        default: append(segment)
        }
    }

    /// Without the white space at both ends, as Jinja's `trim`; images and control tokens end the trimming.
    func trimmed() -> [Segment] {
        var segments = self
        while case .text(let text)? = segments.first {
            let rest = text.unicodeScalars.drop(while: \.isTrimmed)
            if rest.isEmpty {
                segments.removeFirst()
            } else {
                segments[0] = .text(String(rest))
                break
            }
        }
        while case .text(let text)? = segments.last {
            if let end = text.unicodeScalars.lastIndex(where: { !$0.isTrimmed }) {
                segments[segments.count - 1] = .text(String(text.unicodeScalars[...end]))
                break
            }
            segments.removeLast()
        }
        return segments
    }
}

extension Unicode.Scalar {
    /// What Python's `str.strip` strips: Unicode white space and the four information separators.
    fileprivate var isTrimmed: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
