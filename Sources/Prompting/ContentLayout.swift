// Where the images of a message stand among its texts. Knows no roles and no tokens.

/// The layout of vLLM's "string" content format, which the model was served and tested with: texts joined by newlines,
/// images before them, each on a line of its own, whatever their order in the message.
struct ContentLayout {
    /// Whether `<image>` spelled in text is a place for an image, as in vLLM. Otherwise it is only text.
    var special: Bool

    /// - Parameters:
    ///   - text: the texts of a message, joined.
    ///   - images: the images of the message, in order.
    ///   - conversationHasImages: when false, `<image>` in `text` is left to the tokenizer.
    func segments(
        _ text: String, images: [Int], conversationHasImages: Bool
    ) throws(PromptingError) -> [Segment] {
        let pieces = special && conversationHasImages ? split(text) : [text]
        let placeholders = pieces.count - 1
        guard placeholders <= images.count else {
            throw .morePlaceholdersThanImages(placeholders: placeholders, images: images.count)
        }
        var segments: [Segment] = []
        let leading = images.count - placeholders
        for image in images[..<leading] {
            segments.join(.image(image))
            segments.join(.text("\n"))
        }
        for (index, piece) in pieces.enumerated() {
            if index > 0 { segments.join(.image(images[leading + index - 1])) }
            segments.join(.text(piece))
        }
        return segments
    }

    /// Cuts at each `<image>`, by bytes: a combining mark after it does not hide it.
    private func split(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        let mark = Array(Spelling.image.utf8)
        var pieces: [String] = []
        var start = 0
        var index = 0
        while index + mark.count <= bytes.count {
            if bytes[index] == mark[0], bytes[index..<index + mark.count].elementsEqual(mark) {
                pieces.append(String(decoding: bytes[start..<index], as: UTF8.self))
                index += mark.count
                start = index
            } else {
                index += 1
            }
        }
        pieces.append(String(decoding: bytes[start...], as: UTF8.self))
        return pieces
    }
}
