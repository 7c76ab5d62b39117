// The built-in template, segment by segment.

import Prompting
import Testing

@Suite struct Llama31RendererTests {
    @Test func systemBlockOnlyWhereThereIsASystemMessage() throws {
        let segments = try Llama31Renderer().segments(for: Conversation([Message(.user, "Hi")]))
        #expect(
            segments == [
                .control("<|begin_of_text|>"), .control("<|start_header_id|>"), .text("user"),
                .control("<|end_header_id|>"), .text("\n\nHi"), .control("<|eot_id|>"),
                .control("<|start_header_id|>"), .text("assistant"), .control("<|end_header_id|>"), .text("\n\n"),
            ])
    }

    @Test func contentIsTrimmedAroundAndNotBetween() throws {
        func content(_ parts: [Message.Part]) throws -> [Segment] {
            let segments = try Llama31Renderer().segments(for: Conversation([Message(.user, parts)]))
            return Array(segments.dropFirst(4).prefix { $0 != .control("<|eot_id|>") })
        }
        #expect(try content([.text(" \u{A0}\u{1C}a\n \u{85}b\u{3000}\n")]) == [.text("\n\na\n \u{85}b")])
        #expect(try content([.text("\u{200B}a\u{200B}")]) == [.text("\n\n\u{200B}a\u{200B}")])
        #expect(try content([.text(" x "), .image(0)]) == [.text("\n\n"), .image(0), .text("\n x")])
        #expect(try content([.image(0)]) == [.text("\n\n"), .image(0)])
        #expect(try content([.image(0), .text(" \n")]) == [.text("\n\n"), .image(0)])
        #expect(try content([.text("a"), .text(""), .text("b")]) == [.text("\n\na\nb")])
        #expect(try content([.text(" ")]) == [.text("\n\n")])
        #expect(try content([.image(1), .image(0)]) == [.text("\n\n"), .image(1), .text("\n"), .image(0)])
        // The mark joins the newline to no character: scalars are trimmed, as in Python.
        #expect(try content([.text("\n\u{301}")]) == [.text("\n\n\u{301}")])
    }
}
