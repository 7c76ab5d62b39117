// A prompt without a chat template: the text as it is. Knows no roles.

package import Tokenization

package enum RawPrompt {
    /// The begin token, the images each on a line, and the text.
    /// - Parameter special: control tokens spelled in `text` are parsed: `<image>` places the images in order, and a
    ///   begin token that starts the text is not written twice. Pass the same to `PromptPlan`.
    package static func segments(
        _ text: String, imageCount: Int, tokenizer: Tokenizer, special: Bool = false
    ) throws(PromptingError) -> [Segment] {
        var text = text
        var segments: [Segment] = []
        if let begin = tokenizer.specialTokens.first(where: { $0.id == tokenizer.bos })?.content {
            segments.append(.control(begin))
            if special, text.utf8.starts(with: begin.utf8) {
                text = String(decoding: text.utf8.dropFirst(begin.utf8.count), as: UTF8.self)
            }
        }
        let content = try ContentLayout(special: special).segments(
            text, images: Array(0..<max(imageCount, 0)), conversationHasImages: imageCount > 0)
        for segment in content { segments.join(segment) }
        return segments
    }
}
