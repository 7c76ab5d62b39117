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
            #expect(
                messages.attachments.map(\.media)
                    == [.file("scan 1.png"), .file("/data/a b.jpg"), .file("C:odd/name:x.png")])
            #expect(messages.attachments.map(\.detail) == [.low, .auto, .auto])
            #expect(messages.attachments[0].path == "messages[1].content[0].image_url.url")
        }
    }

    static let faults: [(String, [String])] = [
        (#"7"#, ["messages", "7", "array"]),
        (#"[]"#, ["messages", "0 messages"]),
        (#"{"messages": {}}"#, ["messages", "an object", "array"]),
        (#"["hi"]"#, ["messages[0]", "\"hi\"", "role and content"]),
        (#"[{"content": "x"}]"#, ["messages[0].role", "nothing", "\"user\""]),
        (#"[{"role": "robot", "content": "x"}]"#, ["messages[0].role", "\"robot\"", "\"system\""]),
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
        (#"[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": ""}}]}]"#, ["url", "is empty"]),
        (
            #"[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "ftp://a/b.png"}}]}]"#,
            ["image_url.url", "scheme", "https"]
        ),
        (
            #"[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]}]"#,
            ["image_url.url", "data URL", "base64"]
        ),
        (
            #"[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file://host/b.png"}}]}]"#,
            ["image_url.url", "file URL"]
        ),
        (#"[{"role": "tool", "content": [{"type": "image_url", "image_url": {"url": "a"}}]}]"#, ["content[0].type"]),
        (
            #"[{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]"#,
            ["file.file_data", "nothing", "file_id"]
        ),
        (
            #"[{"role": "user", "content": [{"type": "file", "file": {"file_data": "data:text/plain;base64,AAAA"}}]}]"#,
            ["file.file_data", "application/pdf"]
        ),
        (
            #"[{"role": "user", "content": [{"type": "file", "file": {"file_data": "a.pdf", "pages": "3-2"}}]}]"#,
            ["file.pages", "3-2", "range"]
        ),
        (#"[{"role": "assistant", "content": null, "tool_calls": [{}]}]"#, ["tool_calls[0].function.name"]),
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

    @Test func dataURLsDocumentsAndCallsAreRead() throws {
        let json = #"""
            [{"role": "developer", "content": "Be brief."},
             {"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAEC", "max_tiles": 3}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAEC", "pages": "2-3"}},
                {"type": "image_url", "image_url": {"url": "HTTPS://a/b.png"}}]},
             {"role": "assistant", "content": null,
              "tool_calls": [{"id": "c", "type": "function", "function": {"name": "add", "arguments": "{\"a\":1}"}}]},
             {"role": "tool", "tool_call_id": "c", "content": "2"}]
            """#
        let messages = try OpenAIMessages(Data(json.utf8))
        #expect(messages.conversation.messages.map(\.role) == [.system, .user, .assistant, .tool])
        #expect(messages.conversation.messages[2].content == [.text(#"{"name": "add", "parameters": {"a":1}}"#)])
        #expect(
            messages.attachments.map(\.media)
                == [
                    .data(Data([0, 1, 2]), type: "image/png"), .data(Data([0, 1, 2]), type: "application/pdf"),
                    .remote("HTTPS://a/b.png"),
                ])
        #expect(messages.attachments[0].maxTiles == 3 && messages.attachments[1].pages == 2...3)
        #expect(messages.attachments.map(\.kind) == [.image, .document, .image])
    }

    @Test func videosAreReadWithTheirFrames() throws {
        func message(_ video: String) -> Data {
            Data(#"[{"role": "user", "content": [{"type": "video_url", "video_url": \#(video)}]}]"#.utf8)
        }
        let messages = try OpenAIMessages(message(#"{"url": "data:video/mp4;base64,AAEC", "frames": 16}"#))
        let video = try #require(messages.attachments.first)
        #expect(video.kind == .video && video.frames == 16)
        #expect(video.media == .data(Data([0, 1, 2]), type: "video/mp4"))
        #expect(video.path == "messages[0].content[0].video_url.url")
        #expect(try OpenAIMessages(message(#"{"url": "clip.mp4"}"#)).attachments.first?.frames == nil)
        for (fault, path) in [
            (#""clip.mp4""#, "video_url"), ("{}", "video_url.url"), (#"{"url": "a", "frames": 0}"#, "video_url.frames"),
            (#"{"url": "a", "frames": 257}"#, "video_url.frames"),
            (#"{"url": "a", "frames": "all"}"#, "video_url.frames"),
            (#"{"url": "a", "frames": 2.5}"#, "video_url.frames"),
        ] {
            #expect {
                _ = try OpenAIMessages(message(fault))
            } throws: { error in
                if case PromptingError.message("messages[0].content[0].\(path)", _, _) = error { true } else { false }
            }
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
