// The chat template of Llama Nemotron Nano VL, built in. Knows no token ids.

/// Renders a conversation as the model was trained: the Llama-3.1 headers without a block of dates, a system block only
/// where there is a system message, and the header of an assistant's turn at the end.
package struct Llama31Renderer: Sendable {
    /// vLLM's behaviour: control tokens spelled in text are parsed, and `<image>` spelled in a message places its
    /// images in order. Pass the same to `PromptPlan`.
    package var special: Bool

    package init(special: Bool = false) { self.special = special }

    /// - Parameter continuing: leaves the last message open, for the model to go on with, and begins no turn.
    package func segments(
        for conversation: Conversation, continuing: Bool = false
    ) throws(PromptingError) -> [Segment] {
        var segments: [Segment] = [.control(Spelling.beginOfText)]
        let layout = ContentLayout(special: special)
        let hasImages = conversation.messages.contains { $0.content.contains(where: \.isImage) }
        for message in conversation.messages {
            segments += header(message.role)
            segments.join(.text("\n\n"))
            let texts = message.content.compactMap(\.text).filter { !$0.isEmpty }
            let content = try layout.segments(
                texts.joined(separator: "\n"), images: message.content.compactMap(\.image),
                conversationHasImages: hasImages)
            for segment in content.trimmed() { segments.join(segment) }
            segments.append(.control(Spelling.endOfTurn))
        }
        if continuing {
            segments.removeLast()
            return segments
        }
        segments += header(.assistant)
        segments.join(.text("\n\n"))
        return segments
    }

    private func header(_ role: Message.Role) -> [Segment] {
        // Llama 3.1 was trained with the answers of tools under this name.
        let name = role == .tool ? "ipython" : role.rawValue
        return [.control(Spelling.startHeader), .text(name), .control(Spelling.endHeader)]
    }
}

extension Message.Part {
    fileprivate var isImage: Bool { image != nil }

    fileprivate var image: Int? {
        if case .image(let index) = self { index } else { nil }
    }

    fileprivate var text: String? {
        if case .text(let text) = self { text } else { nil }
    }
}
