// Answers in a form: schemas, patterns, choices and tools, and checklist items 10 and 11.

import Foundation
import HummingbirdTesting
import OpenAIAPI
import Testing

@testable import Server

extension ServerTests {
    @Suite struct FormTests {
        static func text(_ reply: Reply) -> String? {
            ((reply.json["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any])?["content"] as? String
        }

        static func finish(_ reply: Reply) -> String? {
            (reply.json["choices"] as? [[String: Any]])?.first?["finish_reason"] as? String
        }

        @Test func answersHaveTheFormAskedFor() async throws {
            try await ServerFixture.serve { client, _ in
                func ask(_ fields: String) async throws -> Reply {
                    try await client.post(
                        "/v1/chat/completions",
                        ServerFixture.chat("What is the total?", fields + ", \"max_tokens\": 200"))
                }
                let schema =
                    #"{"type": "object", "properties": {"z": {"enum": ["a", "b"]}, "a": {"type": "boolean"}}, "required": ["z", "a"], "additionalProperties": false}"#
                let object = try await ask(
                    #""response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": \#(schema)}}"#)
                let text = try #require(Self.text(object))
                #expect(
                    Self.finish(object) == "stop" && text.contains("\"z\"") && text.contains("\"a\""), "\(object.body)")
                let range = try #require(text.range(of: "\"z\""))
                #expect(
                    text.range(of: "\"a\":").map { $0.lowerBound > range.lowerBound } == true,
                    "the order is the schema's")
                let choice = try await ask(#""structured_outputs": {"choice": ["Paris", "Rome"]}"#)
                #expect(["Paris", "Rome"].contains(Self.text(choice)))
                let pattern = try await ask(#""structured_outputs": {"regex": "[0-9]{2}\\.[0-9]{2} EUR"}"#)
                #expect(Self.text(pattern)?.wholeMatch(of: /[0-9]{2}\.[0-9]{2} EUR/) != nil, "\(pattern.body)")
                let cut = try await client.post(
                    "/v1/chat/completions",
                    ServerFixture.chat("x", #""structured_outputs": {"regex": "a{50}"}, "max_tokens": 2"#))
                #expect(Self.finish(cut) == "length")
            }
        }

        @Test(arguments: [
            ##"{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}"##,
            #"{"type": "integer", "minimum": 5, "maximum": 3}"#,
            #"{"type": "object", "properties": {"a": false}, "required": ["a"]}"#,
            #"{"type": "string", "unevaluatedProperties": {"x": 1}}"#, #"{"type": "robot"}"#, #"{"type": 5}"#, "false",
            #"{"type": "string", "pattern": "(?=a)"}"#,
        ])
        func badSchemasAreRefused(schema: String) async throws {
            try await ServerFixture.serve { client, _ in
                let begin = ContinuousClock.now
                let reply = try await client.post(
                    "/v1/chat/completions", ServerFixture.chat("x", "\"structured_outputs\": {\"json\": \(schema)}"))
                #expect(reply.status == 400 && reply.code == "invalid_schema", "\(schema): \(reply.body)")
                #expect(reply.param == "structured_outputs.json")
                #expect(ContinuousClock.now - begin < .seconds(5))
            }
        }

        @Test func largeSourcesAreCompiledOrRefusedInTime() async throws {
            try await ServerFixture.serve { client, _ in
                let values = (0..<4000).map { "\"value \($0)\"" }.joined(separator: ", ")
                for fields in [
                    #""structured_outputs": {"regex": "(a+)+b"}"#,
                    "\"structured_outputs\": {\"json\": {\"enum\": [\(values)]}}",
                    #""structured_outputs": {"regex": "((((a{1,99}){1,99}){1,99}){1,99}){1,99}"}"#,
                ] {
                    let begin = ContinuousClock.now
                    let reply = try await client.post(
                        "/v1/chat/completions", ServerFixture.chat("x", fields + ", \"max_tokens\": 2"))
                    #expect(reply.status == 200 || reply.code == "invalid_schema", "\(reply.body.prefix(300))")
                    #expect(ContinuousClock.now - begin < .seconds(10))
                }
            }
        }

        @Test func toolsAreCalledInTheLlamaForm() async throws {
            let tools = #"""
                "tools": [{"type": "function", "function": {"name": "book", "parameters": {"type": "object",
                "properties": {"kind": {"$ref": "#/$defs/kind"}}, "required": ["kind"], "additionalProperties": false,
                "$defs": {"kind": {"enum": ["paid", "due"]}}}}}], "max_tokens": 200
                """#.replacingOccurrences(of: "\n", with: " ")
            try await ServerFixture.serve { client, _ in
                let reply = try await client.post(
                    "/v1/chat/completions",
                    ServerFixture.chat(
                        "Book it.", tools + #", "tool_choice": {"type": "function", "function": {"name": "book"}}"#))
                #expect(Self.finish(reply) == "tool_calls", "\(reply.body)")
                let message = (reply.json["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any]
                let call = try #require(
                    (message?["tool_calls"] as? [[String: Any]])?.first?["function"] as? [String: Any])
                #expect(call["name"] as? String == "book")
                let arguments = try #require(call["arguments"] as? String)
                let object = try JSONSerialization.jsonObject(with: Data(arguments.utf8)) as? [String: String]
                #expect(["paid", "due"].contains(object?["kind"]))
                let streamed = try await client.post(
                    "/v1/chat/completions",
                    ServerFixture.chat("Book it.", tools + #", "tool_choice": "required", "stream": true"#))
                let deltas = streamed.events.compactMap {
                    ($0["choices"] as? [[String: Any]])?.first?["delta"] as? [String: Any]
                }
                #expect(
                    deltas.contains { $0["tool_calls"] != nil }
                        && !deltas.contains { ($0["content"] as? String ?? "") != "" })
                let free = try await client.post("/v1/chat/completions", ServerFixture.chat("Hello?", tools))
                #expect(free.status == 200 && ["stop", "length", "tool_calls"].contains(Self.finish(free)))
            }
        }
    }
}
