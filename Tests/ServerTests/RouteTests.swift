// What each route answers to good requests.

import Foundation
import HTTPTypes
import HummingbirdTesting
import OpenAIAPI
import Testing

@testable import Server

extension ServerTests {
    @Suite struct RouteTests {
        @Test func operationRoutesAnswer() async throws {
            try await ServerFixture.serve { client, _ in
                #expect(try await client.get("/health").status == 200)
                #expect(try await client.get("/ready").json["status"] as? String == "ready")
                #expect(try await client.get("/version").json["version"] as? String == "test")
                let models = try await client.get("/v1/models").json["data"] as? [[String: Any]]
                #expect(
                    models?.first?["id"] as? String == "monocle-mini" && models?.first?["max_model_len"] as? Int == 4096
                )
                #expect(try await client.get("/v1/models/monocle-mini").json["object"] as? String == "model")
                let other = try await client.get("/v1/models/other")
                #expect(other.status == 404 && other.code == "model_not_found")
                let missing = try await client.get("/nothing")
                #expect(missing.status == 404 && missing.code == "not_found")
                let limits = try await client.get("/v1/limits").json["limits"] as? [[String: Any]]
                #expect(limits?.count == Limits.Key.allCases.count)
                let page = try await client.get("/")
                #expect(page.body.contains("<title>Monocle</title>") && page.headers[.contentSecurityPolicy] != nil)
                let document = try await client.get("/openapi.json").json
                #expect((document["paths"] as? [String: Any])?["/v1/chat/completions"] != nil)
            }
        }

        @Test func aChatIsAnsweredAsAWholeAndAsAStream() async throws {
            try await ServerFixture.serve { client, _ in
                let url = ServerFixture.dataURL(try ServerFixture.image("wide_text.png"))
                let body = ServerFixture.chat(image: url, "\"max_tokens\": 12, \"unheard_of\": 1")
                let whole = try await client.post("/v1/chat/completions", body)
                #expect(whole.status == 200)
                let choice = try #require((whole.json["choices"] as? [[String: Any]])?.first)
                let text = try #require((choice["message"] as? [String: Any])?["content"] as? String)
                let usage = try #require(whole.json["usage"] as? [String: Any])
                let image = try #require((usage["images"] as? [[String: Any]])?.first)
                #expect(
                    !text.isEmpty
                        && usage["total_tokens"] as? Int == (usage["prompt_tokens"] as? Int ?? 0)
                            + (usage["completion_tokens"] as? Int ?? 0)
                )
                let header = try whole.headers[#require(HTTPField.Name("x-monocle-images"))]
                #expect(header?.contains("tiles=\(image["tiles"] as? Int ?? 0)") == true)
                #expect(try whole.headers[#require(HTTPField.Name("x-monocle-ignored-fields"))] == "unheard_of")

                let streamed = try await client.post(
                    "/v1/chat/completions",
                    ServerFixture.chat(
                        image: url,
                        "\"max_tokens\": 12, \"stream\": true, \"stream_options\": {\"include_usage\": true}"))
                #expect(streamed.status == 200 && streamed.body.hasSuffix("data: [DONE]\n\n"))
                let chunks = streamed.events
                let joined = chunks.compactMap { chunk in
                    ((chunk["choices"] as? [[String: Any]])?.first?["delta"] as? [String: Any])?["content"] as? String
                }.joined()
                #expect(joined == text)
                #expect(
                    (chunks.last?["usage"] as? [String: Any])?["prompt_tokens"] as? Int == usage["prompt_tokens"]
                        as? Int)
            }
        }

        @Test func choicesLogprobsAndStopsAreHonoured() async throws {
            try await ServerFixture.serve { client, _ in
                let reply = try await client.post(
                    "/v1/chat/completions",
                    ServerFixture.chat(
                        "What is this?",
                        "\"max_tokens\": 6, \"n\": 3, \"temperature\": 1, \"seed\": 5, \"logprobs\": true, \"top_logprobs\": 2"
                    ))
                let choices = try #require(reply.json["choices"] as? [[String: Any]])
                #expect(choices.count == 3 && Set(choices.compactMap { $0["index"] as? Int }) == [0, 1, 2])
                for choice in choices {
                    let content = try #require((choice["logprobs"] as? [String: Any])?["content"] as? [[String: Any]])
                    #expect(content.allSatisfy { ($0["top_logprobs"] as? [[String: Any]])?.count == 2 })
                }
                let again = try await client.post(
                    "/v1/chat/completions",
                    ServerFixture.chat("What is this?", "\"max_tokens\": 6, \"n\": 3, \"temperature\": 1, \"seed\": 5"))
                let texts = { (reply: Reply) in
                    (reply.json["choices"] as? [[String: Any]] ?? []).map {
                        ($0["message"] as? [String: Any])?["content"] as? String
                    }
                }
                #expect(texts(again) == texts(reply))
            }
        }

        @Test func completionsAndResponsesAnswer() async throws {
            try await ServerFixture.serve { client, _ in
                let completion = try await client.post(
                    "/v1/completions", #"{"prompt": "Total:", "max_tokens": 4, "echo": true, "logprobs": 1}"#)
                let choice = try #require((completion.json["choices"] as? [[String: Any]])?.first)
                #expect((choice["text"] as? String)?.hasPrefix("Total:") == true)
                let ids = try await client.post("/tokenize", #"{"prompt": "Total:"}"#).json["tokens"] as? [Int]
                let byIDs = try await client.post(
                    "/v1/completions", "{\"prompt\": \(ids ?? []), \"max_tokens\": 4, \"echo\": false}")
                let other = try #require((byIDs.json["choices"] as? [[String: Any]])?.first)
                #expect("Total:\(other["text"] as? String ?? "?")" == choice["text"] as? String)

                let response = try await client.post(
                    "/v1/responses", #"{"input": "What is this?", "max_output_tokens": 4, "instructions": "Be brief."}"#
                )
                let output = try #require((response.json["output"] as? [[String: Any]])?.first)
                #expect(response.json["object"] as? String == "response" && output["type"] as? String == "message")
                let events = try await client.post(
                    "/v1/responses", #"{"input": "What is this?", "max_output_tokens": 4, "stream": true}"#)
                let types = events.events.compactMap { $0["type"] as? String }
                #expect(
                    types.first == "response.created"
                        && ["response.completed", "response.incomplete"].contains(types.last))
            }
        }

        @Test func tokensGoThereAndBack() async throws {
            try await ServerFixture.serve { client, _ in
                let reply = try await client.post(
                    "/tokenize",
                    #"{"prompt": "Total: 83.60 €", "add_special_tokens": false, "return_token_strs": true}"#)
                let ids = try #require(reply.json["tokens"] as? [Int])
                #expect(
                    reply.json["count"] as? Int == ids.count
                        && (reply.json["token_strs"] as? [String])?.count == ids.count)
                let back = try await client.post("/detokenize", "{\"tokens\": \(ids)}")
                #expect(back.json["prompt"] as? String == "Total: 83.60 €")
            }
        }

        @Test func aPromptIsRenderedWithItsSpansAndPlans() async throws {
            try await ServerFixture.serve { client, state in
                let url = ServerFixture.dataURL(try ServerFixture.image("wide_text.png"))
                for (detail, tiles) in [("low", 1), ("high", 13)] {
                    let body =
                        #"{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "\#(url)", "detail": "\#(detail)"}}, {"type": "text", "text": "?"}]}]}"#
                    let reply = try await client.post("/v1/chat/completions/render", body)
                    let image = try #require((reply.json["images"] as? [[String: Any]])?.first)
                    let ids = try #require(reply.json["token_ids"] as? [Int])
                    let offset = try #require(image["offset"] as? Int)
                    let length = try #require(image["length"] as? Int)
                    let found = try #require(image["tiles"] as? Int)
                    #expect(detail == "low" ? found == tiles : found <= tiles && found > 1)
                    let imageID = state.model.tokenizer.id(ofAdded: "<image>").map(Int.init)
                    #expect(ids.indices.filter { ids[$0] == imageID } == Array(offset..<offset + length))
                }
            }
        }
    }
}
