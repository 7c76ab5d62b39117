// Checklist items 1 to 5 and 10 to 12 as a client sees them: statuses, codes and paths over HTTP.

import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import OpenAIAPI
import Testing

@testable import Server

extension ServerTests {
    @Suite struct RefusalTests {
        @Test func malformedRequestsAreRefused() async throws {
            try await ServerFixture.serve { client, _ in
                for path in ["/v1/chat/completions", "/v1/completions", "/v1/responses", "/tokenize", "/detokenize"] {
                    let reply = try await client.post(path, "{\"a\": 1,}")
                    #expect(reply.status == 400 && reply.code == "invalid_json", "\(path): \(reply.body)")
                    let empty = try await client.post(path, "{}")
                    #expect(empty.status == 400 && empty.code == "missing_field", "\(path): \(empty.body)")
                    let plain = try await client.post(path, "{}", headers: [.contentType: "text/plain"])
                    #expect(plain.status == 415 && plain.code == "unsupported_media_type", "\(path): \(plain.body)")
                }
                let model = try await client.post(
                    "/v1/chat/completions", ServerFixture.chat("hi", "\"model\": \"gpt-4\""))
                #expect(model.status == 404 && model.code == "model_not_found" && model.param == "model")
                let wrong = try await client.post(
                    "/v1/chat/completions", ServerFixture.chat("hi", "\"temperature\": \"x\""))
                #expect(wrong.status == 400 && wrong.code == "invalid_type" && wrong.param == "temperature")
            }
        }

        @Test func aPromptThatIsTooLongNamesItsTokens() async throws {
            try await ServerFixture.serve { client, _ in
                let long = try await client.post(
                    "/v1/chat/completions", ServerFixture.chat(String(repeating: "word ", count: 8000)))
                #expect(long.status == 400 && long.code == "context_length_exceeded", "\(long.body.prefix(300))")
                #expect((long.error["message"] as? String)?.contains("text") == true)
                let wanted = try await client.post(
                    "/v1/chat/completions", ServerFixture.chat("hi", "\"max_tokens\": 4096"))
                #expect(
                    wanted.status == 400 && wanted.code == "context_length_exceeded" && wanted.param == "max_tokens")
            }
        }

        @Test func spelledControlTokensStayText() async throws {
            try await ServerFixture.serve { client, state in
                let spellings = state.model.tokenizer.specialTokens.map(\.content) + ["<image>", "\\u0000", "\\u202e"]
                let text = spellings.joined(separator: " ").replacingOccurrences(of: "\"", with: "\\\"")
                let reply = try await client.post("/v1/chat/completions/render", ServerFixture.chat(text))
                let plain = try await client.post("/v1/chat/completions/render", ServerFixture.chat("hi"))
                #expect(reply.status == 200, "\(reply.body)")
                #expect(reply.json["control_tokens"] as? Int == plain.json["control_tokens"] as? Int)
                let tokens = try await client.post(
                    "/tokenize", "{\"prompt\": \"\(text)\", \"add_special_tokens\": false}")
                let ids = try #require(tokens.json["tokens"] as? [Int])
                #expect(!ids.contains { state.model.tokenizer.isSpecial(Int32($0)) })
            }
        }

        @Test func largeTextsAreServedOrRefusedInTime() async throws {
            try await ServerFixture.serve { client, _ in
                let texts = [
                    "a" + String(repeating: "\\n", count: 100_000) + "b",
                    "e" + String(repeating: "\u{301}", count: 500_000),
                ]
                for text in texts {
                    let reply = try await client.post("/v1/chat/completions", ServerFixture.chat(text))
                    #expect(reply.status == 200 || reply.code == "context_length_exceeded", "\(reply.body.prefix(200))")
                }
            }
        }

        @Test func aBodyOverTheLimitIsRefused() async throws {
            try await ServerFixture.serve(ServerFixture.limits([.bodyBytes: 2048])) { client, _ in
                let reply = try await client.post(
                    "/v1/chat/completions", ServerFixture.chat(String(repeating: "x", count: 4096)))
                #expect(reply.status == 413 && reply.code == "body_too_large", "\(reply.body)")
            }
        }

        @Test func keysAreNeededEverywhereButForProbes() async throws {
            var settings = ServerSettings()
            settings.apiKeys = ["correct-horse", "battery-staple"]
            try await ServerFixture.serve(settings) { client, _ in
                #expect(try await client.get("/health").status == 200)
                #expect(try await client.get("/ready").status == 200)
                for path in ["/", "/metrics", "/v1/models", "/v1/limits", "/openapi.json", "/version"] {
                    let reply = try await client.get(path)
                    #expect(reply.status == 401 && reply.code == "missing_api_key", "\(path)")
                }
                let wrong = try await client.get("/v1/models", headers: [.authorization: "Bearer wrong"])
                #expect(wrong.status == 401 && wrong.code == "invalid_api_key")
                #expect(
                    try await client.get("/v1/models", headers: [.authorization: "Bearer battery-staple"]).status == 200
                )
                let basic = Data("any:correct-horse".utf8).base64EncodedString()
                #expect(try await client.get("/", headers: [.authorization: "Basic \(basic)"]).status == 200)
            }
        }

        @Test func originsAreAllowedByList() async throws {
            var settings = ServerSettings()
            settings.corsOrigins = ["https://good.example"]
            try await ServerFixture.serve(settings) { client, _ in
                let origin = try #require(HTTPField.Name("origin"))
                let good = try await client.get("/v1/models", headers: [origin: "https://good.example"])
                #expect(good.headers[.accessControlAllowOrigin] == "https://good.example")
                let bad = try await client.get("/v1/models", headers: [origin: "https://bad.example"])
                #expect(bad.headers[.accessControlAllowOrigin] == nil)
                let method = try #require(HTTPField.Name("access-control-request-method"))
                let preflight = try await client.execute(
                    uri: "/v1/chat/completions", method: .options,
                    headers: [origin: "https://good.example", method: "POST"])
                #expect(preflight.status == .noContent)
                let refused = try await client.execute(
                    uri: "/v1/chat/completions", method: .options,
                    headers: [origin: "https://bad.example", method: "POST"])
                #expect(refused.status.code == 403)
            }
        }

        @Test func anAddressForOthersNeedsAKey() {
            for host in ["0.0.0.0", "::", "192.168.1.5", "example.com"] {
                var settings = ServerSettings()
                settings.host = host
                #expect(throws: SettingsError.self) { try settings.check() }
                settings.isInsecure = true
                #expect(throws: Never.self) { try settings.check() }
                settings.isInsecure = false
                settings.apiKeys = ["12345678"]
                #expect(throws: Never.self) { try settings.check() }
            }
        }

        @Test func aFullHouseAnswersAtOnce() async throws {
            try await ServerFixture.serve(ServerFixture.limits([.requests: 1])) { client, state in
                let ticket = try state.admission.enter()
                let reply = try await client.post("/v1/chat/completions", ServerFixture.chat("hi"))
                #expect(reply.status == 503 && reply.code == "overloaded" && reply.headers[.retryAfter] != nil)
                #expect(try await client.get("/ready").status == 503)
                #expect(try await client.get("/health").status == 200)
                withExtendedLifetime(ticket) {}
            }
        }

        @Test func requestIDsComeBack() async throws {
            try await ServerFixture.serve { client, _ in
                let name = try #require(HTTPField.Name("x-request-id"))
                let mine = try await client.get("/health", headers: [name: "my-request.1"])
                #expect(mine.headers[name] == "my-request.1")
                let made = try await client.get("/health", headers: [name: "no spaces or <tags>"])
                #expect(made.headers[name]?.count == 24)
                let reply = try await client.post(
                    "/v1/chat/completions", ServerFixture.chat("hi", "\"max_tokens\": 1"),
                    headers: [.contentType: "application/json", name: "abc"])
                #expect(reply.json["id"] as? String == "chatcmpl-abc")
            }
        }
    }
}
