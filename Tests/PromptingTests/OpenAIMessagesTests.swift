// Messages in OpenAI's form: what they mean, and one fault each.

import Foundation
import Prompting
import Testing

@Suite struct OpenAIMessagesTests {
    @Test func partsBecomeTextsAndNumberedImages() throws {
        let json = #"""
            [{"role": "system", "content": "Be brief.", "name": "x"},
             {"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "scan 1.png", "detail": "low"}},
                {"type": "text", "text": "Total? \u00e9\ud83d\ude00"},
                {"type": "image_url", "image_url": {"url": "file:///data/a%20b.jpg", "detail": null}}]},
             {"role": "assistant", "content": ""},
             {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "C:odd/name:x.png"}}]}]
            """#
        for text in [json, "{\"model\": \"m\", \"messages\": \(json)}"] {
            let messages = try OpenAIMessages(Data(text.utf8))
            #expect(
                messages.conversation
                    == Conversation([
                        Message(.system, "Be brief."), Message(.user, [.image(0), .text("Total? é😀"), .image(1)]),
                        Message(.assistant, ""), Message(.user, [.image(2)]),
                    ]))
            #expect(messages.images.map(\.path) == ["scan 1.png", "/data/a b.jpg", "C:odd/name:x.png"])
            #expect(messages.images.map(\.detail) == [.low, .auto, .auto])
        }
    }

    static let faults: [(String, [String])] = [
        (#"7"#, ["messages", "7", "array"]),
        (#"[]"#, ["messages", "0 messages"]),
        (#"{"messages": {}}"#, ["messages", "an object", "array"]),
        (#"["hi"]"#, ["messages[0]", "\"hi\"", "role and content"]),
        (#"[{"content": "x"}]"#, ["messages[0].role", "nothing", "\"user\""]),
        (#"[{"role": "tool", "content": "x"}]"#, ["messages[0].role", "\"tool\"", "\"system\""]),
        (#"[{"role": 1, "content": "x"}]"#, ["messages[0].role", "1"]),
        (#"[{"role": "user"}]"#, ["messages[0].content", "nothing", "string or an array"]),
        (#"[{"role": "user", "content": null}]"#, ["messages[0].content", "null"]),
        (#"[{"role": "user", "content": true}]"#, ["messages[0].content", "true"]),
        (#"[{"role": "user", "content": []}]"#, ["messages[0].content", "0 parts"]),
        (#"[{"role": "user", "content": "a"}, {"role": "user", "content": ["a"]}]"#, ["messages[1].content[0].type"]),
        (#"[{"role": "user", "content": [{"type": "text"}]}]"#, ["messages[0].content[0].text", "nothing"]),
        (#"[{"role": "user", "content": [{"type": "text", "text": 0}]}]"#, ["content[0].text", "0", "a string"]),
        (
            #"[{"role": "user", "content": [{"type": "input_audio"}]}]"#,
            ["content[0].type", "input_audio", "image_url"]
        ),
        (#"[{"role": "user", "content": [{"type": "image_url"}]}]"#, ["content[0].image_url", "nothing"]),
        (#"[{"role": "user", "content": [{"type": "image_url", "image_url": "a.png"}]}]"#, ["image_url", "a.png"]),
        (#"[{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]"#, ["image_url.url", "nothing"]),
        (#"[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": ""}}]}]"#, ["url", "\"\""]),
        (
            #"[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a/b.png"}}]}]"#,
            ["image_url.url", "https://a/b.png", "path of a file"]
        ),
        (
            #"[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]}]"#,
            ["image_url.url", "data:"]
        ),
        (
            #"[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file://host/b.png"}}]}]"#,
            ["image_url.url", "file://host"]
        ),
        (
            #"[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "a", "detail": "max"}}]}]"#,
            ["image_url.detail", "\"max\"", "\"low\", \"high\", \"auto\""]
        ),
        (#"[{"role": "user", "content": "x"}"#, ["not valid JSON"]),
        (#"[{"role": "user", "content": "\ud800"}]"#, ["not valid JSON"]),
        (#"[{"role": "user", "content": 1e999}]"#, ["messages"]),
        ("", ["not valid JSON"]),
        (String(repeating: "[", count: 100_000), ["not valid JSON"]),
        (String(repeating: "[", count: 64) + String(repeating: "]", count: 64), ["messages[0]"]),
        (String(repeating: "[", count: 65) + String(repeating: "]", count: 65), ["not valid JSON", "deeper than 64"]),
        (#"[{"role": "user", "role": "user"}]"#, ["not valid JSON at byte", "'role' twice", "every key once"]),
    ]

    @Test(arguments: faults.indices)
    func faultIsNamed(index: Int) throws {
        let (json, words) = Self.faults[index]
        #expect {
            _ = try OpenAIMessages(Data(json.utf8))
        } throws: { error in
            let message = "\(error)"
            return words.allSatisfy(message.contains) && message.count < 300 && error is PromptingError
        }
    }

    @Test func sizesAreLimited() {
        let many = "[" + Array(repeating: #"{"role":"user","content":"x"}"#, count: 4097).joined(separator: ",") + "]"
        #expect(throws: PromptingError.message(path: "messages", found: "4097 messages", expected: "1 to 4096")) {
            _ = try OpenAIMessages(Data(many.utf8))
        }
        #expect(throws: PromptingError.self) { _ = try OpenAIMessages(Data(count: OpenAIMessages.byteLimit + 1)) }
    }
}
