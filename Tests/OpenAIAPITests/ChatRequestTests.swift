// Chat requests: what they mean, and one fault each with its status, code and path.

import Foundation
import JSONText
import OpenAIAPI
import Prompting
import Testing

@Suite struct ChatRequestTests {
    static let bounds = RequestBounds(limits: Limits(), vocabulary: 1024, context: 4096)

    static func read(_ json: String) throws -> ChatRequest {
        try ChatRequest(JSONBody(Array(json.utf8)), bounds)
    }

    /// A request with these fields beside one message.
    static func fields(_ text: String) -> String {
        #"{"messages": [{"role": "user", "content": "hi"}], \#(text)}"#
    }

    @Test func fieldsAreRead() throws {
        let request = try Self.read(
            Self.fields(
                #"""
                "model": "m", "n": 2, "temperature": 0.5, "top_p": 0.9, "top_k": -1, "min_p": 0.1, "seed": 7,
                "stop": ["a", "b"], "max_tokens": 9, "max_completion_tokens": 5, "frequency_penalty": -1,
                "presence_penalty": 2, "repetition_penalty": 1.1, "logit_bias": {"3": -100, "1023": 5},
                "logprobs": true, "top_logprobs": 3, "stream": true,
                "stream_options": {"include_usage": true, "continuous_usage_stats": true},
                "cache_salt": "s", "max_tiles": 4, "user": "x", "unheard_of": 1, "min_tokens": 2,
                "stop_token_ids": [1, 2], "ignore_eos": true, "tools": null
                """#))
        let sampling = request.sampling
        #expect(request.model == "m" && sampling.choices == 2 && sampling.temperature == 0.5 && sampling.topP == 0.9)
        #expect(sampling.topK == 0 && sampling.minP == 0.1 && sampling.seed == 7 && sampling.stop == ["a", "b"])
        #expect(sampling.maxTokens == 5 && sampling.frequencyPenalty == -1 && sampling.presencePenalty == 2)
        #expect(sampling.repetitionPenalty == 1.1 && sampling.logitBias == [3: -100, 1023: 5])
        #expect(sampling.minTokens == 2 && sampling.stopTokenIDs == [1, 2] && sampling.ignoresEnd)
        #expect(request.logprobs == 3 && request.stream == StreamFields(includeUsage: true, continuousUsage: true))
        #expect(request.cacheSalt == "s" && request.maxTiles == 4 && request.ignored == ["unheard_of"])
    }

    @Test func aSchemaKeepsItsText() throws {
        let request = try Self.read(
            Self.fields(
                #""response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"z": 1,  "a": {"é": 2}}}}"#
            ))
        #expect(
            request.format
                == .jsonSchema(#"{"z": 1,  "a": {"é": 2}}"#, param: "response_format.json_schema.schema"))
        #expect(try Self.read(Self.fields(#""response_format": {"type": "json_object"}"#)).format == .jsonObject)
        #expect(try Self.read(Self.fields(#""structured_outputs": {"regex": "a+"}"#)).format == .regex("a+"))
        #expect(
            try Self.read(Self.fields(#""structured_outputs": {"choice": ["a", "b"]}"#)).format == .choice(["a", "b"]))
    }

    @Test func toolsAreRead() throws {
        let tools =
            #""tools": [{"type": "function", "function": {"name": "add", "parameters": {"type": "object", "z": 1, "a": 2}}}]"#
        let request = try Self.read(
            Self.fields(tools + #", "tool_choice": {"type": "function", "function": {"name": "add"}}"#))
        #expect(request.tools?.choice == .named("add"))
        #expect(request.tools?.tools.first?.parameters == #"{"type": "object", "z": 1, "a": 2}"#)
        #expect(try Self.read(Self.fields(tools + #", "tool_choice": "none""#)).tools == nil)
        #expect(try Self.read(Self.fields(tools)).tools?.choice == .auto)
    }

    static let invalidJSON: [[UInt8]] = [
        [], Array("{".utf8), Array("{} x".utf8), Array("nul".utf8), [0xEF, 0xBB, 0xBF] + Array("{}".utf8),
        Array("{}".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }), Array(#"{"a": 1, "a": 2}"#.utf8),
        Array((String(repeating: "[", count: 100_000)).utf8), Array(#"{"temperature": 1e400}"#.utf8),
        Array(#"{"temperature": NaN}"#.utf8), Array(#"{"a": "\ud800"}"#.utf8), Array("{\"a\": \"\u{1}\"}".utf8),
        Array(#"{"a": 01}"#.utf8), [0x7B, 0x22, 0xFF, 0x22, 0x7D],
    ]

    @Test(arguments: invalidJSON.indices)
    func whatIsNotStrictJSONIsRefused(index: Int) {
        #expect {
            _ = try JSONBody(Self.invalidJSON[index])
        } throws: { error in
            let error = error as? APIError
            return error?.status == 400 && error?.code == "invalid_json"
        }
    }

    /// Body, code, param.
    static let faults: [(String, String, String)] = [
        ("[]", "invalid_type", "body"),
        ("{}", "missing_field", "messages"),
        (#"{"messages": []}"#, "invalid_value", "messages"),
        (#"{"messages": "x"}"#, "invalid_value", "messages"),
        (#"{"messages": [{"role": "robot", "content": "x"}]}"#, "invalid_value", "messages[0].role"),
        (#"{"messages": [{"role": "user", "content": 5}]}"#, "invalid_value", "messages[0].content"),
        (fields(#""temperature": -1"#), "invalid_value", "temperature"),
        (fields(#""temperature": 1e9"#), "invalid_value", "temperature"),
        (fields(#""temperature": "hot""#), "invalid_type", "temperature"),
        (fields(#""top_p": 0"#), "invalid_value", "top_p"),
        (fields(#""n": 0"#), "invalid_value", "n"),
        (fields(#""n": 1000000000"#), "invalid_value", "n"),
        (fields(#""n": 1.5"#), "invalid_value", "n"),
        (fields(#""max_tokens": 0"#), "invalid_value", "max_tokens"),
        (fields(#""max_tokens": -1"#), "invalid_value", "max_tokens"),
        (fields(#""max_tokens": 9223372036854775808"#), "invalid_value", "max_tokens"),
        (fields(#""max_completion_tokens": 1e30"#), "invalid_value", "max_completion_tokens"),
        (fields(#""min_tokens": 9, "max_tokens": 3"#), "invalid_value", "min_tokens"),
        (fields(#""seed": -1"#), "invalid_value", "seed"),
        (fields(#""top_k": 2000"#), "invalid_value", "top_k"),
        (fields(#""logit_bias": {"1000000000": 1}"#), "invalid_value", "logit_bias"),
        (fields(#""logit_bias": {"x": 1}"#), "invalid_value", "logit_bias"),
        (fields(#""logit_bias": {"5": 101}"#), "invalid_value", "logit_bias.5"),
        (fields(#""logit_bias": [1]"#), "invalid_type", "logit_bias"),
        (fields(#""stop": """#), "invalid_value", "stop"),
        (fields(#""stop": ["a", "b", "c", "d", "e"]"#), "invalid_value", "stop"),
        (fields(#""stop": ["a", ""]"#), "invalid_value", "stop[1]"),
        (fields(#""stop": "\#(String(repeating: "x", count: 257))""#), "invalid_value", "stop"),
        (fields(#""stop": 5"#), "invalid_type", "stop"),
        (fields(#""top_logprobs": 3"#), "invalid_value", "top_logprobs"),
        (fields(#""logprobs": true, "top_logprobs": 21"#), "invalid_value", "top_logprobs"),
        (fields(#""stream": "yes""#), "invalid_type", "stream"),
        (fields(#""stream_options": []"#), "invalid_type", "stream_options"),
        (fields(#""cache_salt": """#), "invalid_value", "cache_salt"),
        (fields(#""max_tiles": 0"#), "invalid_value", "max_tiles"),
        (fields(#""continue_final_message": true"#), "invalid_value", "continue_final_message"),
        (fields(#""add_generation_prompt": false"#), "invalid_value", "add_generation_prompt"),
        (fields(#""response_format": {"type": "xml"}"#), "invalid_value", "response_format.type"),
        (fields(#""response_format": {"type": "json_schema"}"#), "missing_field", "response_format.json_schema"),
        (
            fields(#""response_format": {"type": "json_schema", "json_schema": {"schema": 5}}"#), "invalid_schema",
            "response_format.json_schema.schema"
        ),
        (
            fields(
                #""structured_outputs": {"json": {"const": "\#(String(repeating: "x", count: 1 << 20))"}}"#),
            "invalid_schema", "structured_outputs.json"
        ),
        (fields(#""structured_outputs": {"grammar": "x"}"#), "unsupported_parameter", "structured_outputs.grammar"),
        (fields(#""structured_outputs": {"regex": "a", "choice": ["a"]}"#), "invalid_value", "structured_outputs"),
        (
            fields(#""tools": [{"type": "function", "function": {"name": "a\nb"}}]"#), "invalid_value",
            "tools[0].function.name"
        ),
        (
            fields(
                "\"tools\": ["
                    + (0..<1000).map { #"{"type":"function","function":{"name":"f\#($0)"}}"# }.joined(separator: ",")
                    + "]"),
            "invalid_value", "tools"
        ),
        (
            fields(#""tools": [{"type": "function", "function": {"name": "a", "parameters": "x"}}]"#), "invalid_schema",
            "tools[0].function.parameters"
        ),
        (fields(#""tool_choice": "required""#), "invalid_value", "tool_choice"),
        (image(#"{"url": ""}"#), "invalid_image", "messages[0].content[0].image_url.url"),
        (image(#"{}"#), "invalid_value", "messages[0].content[0].image_url.url"),
        (image(#"{"url": ["data:,", "data:,"]}"#), "invalid_value", "messages[0].content[0].image_url.url"),
        (image(#"{"url": "data:image/png;base64"}"#), "invalid_image", "messages[0].content[0].image_url.url"),
        (image(#"{"url": "data:image/png,abc"}"#), "invalid_image", "messages[0].content[0].image_url.url"),
        (image(#"{"url": "data:image/png;base64,"}"#), "invalid_image", "messages[0].content[0].image_url.url"),
        (image(#"{"url": "data:image/png;base64,abc"}"#), "invalid_image", "messages[0].content[0].image_url.url"),
        (image(#"{"url": "data:image/png;base64,ab c="}"#), "invalid_image", "messages[0].content[0].image_url.url"),
        (image(#"{"url": "data:image/png;base64,-_-_"}"#), "invalid_image", "messages[0].content[0].image_url.url"),
        (image(#"{"url": "ftp://x/y.png"}"#), "invalid_image", "messages[0].content[0].image_url.url"),
        (image(#"{"url": "/etc/passwd"}"#), "invalid_image", "messages[0].content[0].image_url.url"),
        (image(#"{"url": "file:///etc/passwd"}"#), "invalid_image", "messages[0].content[0].image_url.url"),
        (
            image(#"{"url": "data:image/png;base64,AAAA", "detail": "max"}"#), "invalid_value",
            "messages[0].content[0].image_url.detail"
        ),
        (
            #"{"messages": [{"role": "user", "content": [\#(Array(repeating: #"{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}"#, count: 5).joined(separator: ", "))]}]}"#,
            "too_many_images", "messages"
        ),
        (video(#"{"url": "/etc/passwd"}"#), "invalid_video", "messages[0].content[0].video_url.url"),
        (video(#"{"url": "data:video/mp4;base64,ab c="}"#), "invalid_video", "messages[0].content[0].video_url.url"),
        (
            video(#"{"url": "data:video/mp4;base64,AAAA", "frames": 33}"#), "too_many_frames",
            "messages[0].content[0].video_url.url"
        ),
        (
            video(#"{"url": "data:video/mp4;base64,AAAA", "frames": 0}"#), "invalid_value",
            "messages[0].content[0].video_url.frames"
        ),
        (
            #"{"messages": [{"role": "user", "content": [\#(Array(repeating: #"{"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}}"#, count: 2).joined(separator: ", "))]}]}"#,
            "too_many_videos", "messages"
        ),
    ]

    static func video(_ object: String) -> String {
        #"{"messages": [{"role": "user", "content": [{"type": "video_url", "video_url": \#(object)}]}]}"#
    }

    static func image(_ object: String) -> String {
        #"{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": \#(object)}]}]}"#
    }

    @Test(arguments: faults.indices)
    func aFaultNamesItsFieldAndItsRange(index: Int) {
        let (json, code, param) = Self.faults[index]
        #expect {
            _ = try Self.read(json)
        } throws: { error in
            guard let error = error as? APIError else { return false }
            return error.status == 400 && error.code == code && error.param == param && error.message.contains(param)
                && error.message.utf8.count < 400
        }
    }

    @Test func messagesNeverQuoteTheRequest() {
        for json in [
            #"{"messages": [{"role": "s3cr3t", "content": "x"}]}"#,
            Self.fields(#""response_format": {"type": "s3cr3t"}"#),
            #"{"s3cr3t": 1, "s3cr3t": 2}"#, Self.image(#"{"url": "s3cr3t://x"}"#),
            Self.fields(#""temperature": "s3cr3t""#),
        ] {
            do {
                _ = try Self.read(json)
                Issue.record("\(json) was read")
            } catch {
                let message = (error as? APIError)?.message ?? ""
                #expect(!message.isEmpty)
                #expect(message.range(of: "s3cr3t") == nil)
            }
        }
    }
}
