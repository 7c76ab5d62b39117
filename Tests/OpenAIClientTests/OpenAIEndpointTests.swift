// The client against a server that answers what the test says, rightly and wrongly.

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Testing

@testable import OpenAIClient

@Suite struct OpenAIEndpointTests {
    private static let call = ChatCall(
        [.init("user", [.image(Data([1, 2, 3]), type: "image/png", detail: "low"), .text("What?")])], maxTokens: 5,
        temperature: 0, ignoresEnd: true)

    private static func serve(
        _ answer: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], key: String? = nil,
        _ body: @escaping @Sendable (OpenAIEndpoint) async throws -> Void
    ) async throws {
        try await serve(
            ResponseBody(byteBuffer: ByteBuffer(string: answer)), status: status, headers: headers, key: key, body)
    }

    /// Serves `answer` for every chat while `body` runs.
    private static func serve(
        _ answer: ResponseBody, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], key: String? = nil,
        timeout: Duration = .seconds(60),
        _ body: @escaping @Sendable (OpenAIEndpoint) async throws -> Void
    ) async throws {
        let router = Router()
        router.get("/v1/models") { request, _ in
            #"{"object": "list", "data": [{"id": "\#(request.headers[.authorization] ?? "no key")"}]}"#
        }
        router.post("/v1/chat/completions") { request, _ in
            let sent = try await request.body.collect(upTo: 1 << 20)
            let json = try #require(try JSONSerialization.jsonObject(with: Data(buffer: sent)) as? [String: Any])
            #expect(json["max_tokens"] as? Int == 5 && json["ignore_eos"] as? Bool == true)
            #expect(
                json["stream"] as? Bool == true && (json["stream_options"] as? [String: Bool])?["include_usage"] == true
            )
            let content = (json["messages"] as? [[String: Any]])?.first?["content"] as? [[String: Any]]
            let image = content?.first?["image_url"] as? [String: String]
            #expect(image == ["url": "data:image/png;base64,AQID", "detail": "low"])
            return Response(status: status, headers: headers, body: answer)
        }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: logger)
        try await application.test(.ahc(.http)) { client in
            let port = try #require(client.port)
            try await OpenAIEndpoint.with("http://127.0.0.1:\(port)", model: nil, key: key, timeout: timeout) {
                try await body($0)
            }
        }
    }

    private static func chunk(_ text: String) -> String {
        #"data: {"choices": [{"delta": {"content": "\#(text)"}, "finish_reason": null}], "usage": null}\#n\#n"#
    }

    private static let end = """
        data: {"choices": [{"delta": {}, "finish_reason": "length"}]}\n\n\
        data: {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}}\n\ndata: [DONE]\n\n
        """

    @Test func anAnswerIsPutTogether() async throws {
        try await Self.serve(Self.chunk("Hel") + ": keep-alive\n\n" + Self.chunk("lo") + Self.end) { endpoint in
            let answer = try await endpoint.answer(Self.call)
            #expect(answer.text == "Hello" && answer.finishReason == "length")
            #expect(answer.promptTokens == 7 && answer.completionTokens == 2)
            #expect(endpoint.model == "no key")
        }
    }

    @Test func theKeyIsSent() async throws {
        try await Self.serve(Self.end, key: "abc") { endpoint in #expect(endpoint.model == "Bearer abc") }
    }

    @Test func anAnswerThatIsNotStreamedIsUnderstood() async throws {
        let answer = #"""
            {"choices": [{"message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
             "usage": {"prompt_tokens": 7, "completion_tokens": 2}}
            """#
        try await Self.serve(answer, headers: [.contentType: "application/json; charset=utf-8"]) { endpoint in
            let answer = try await endpoint.answer(Self.call)
            #expect(answer.text == "Hello" && answer.finishReason == "stop")
            #expect(answer.promptTokens == 7 && answer.completionTokens == 2)
        }
        for body in [#"{"choices": []}"#, #"{"choices": [{"message": {"content": null}}]}"#, #"{"no": "thing"}"#] {
            try await Self.serve(body, headers: [.contentType: "application/json"]) { endpoint in
                await #expect(throws: ClientError.malformed("no chat completion but " + body)) {
                    _ = try await endpoint.answer(Self.call)
                }
            }
        }
    }

    @Test func anAnswerThatDripsEndsInTime() async throws {
        // Each byte comes soon after the last one, and there is no end of them.
        let drip = ResponseBody { writer in
            for _ in 0..<6000 {
                try await writer.write(ByteBuffer(string: Self.chunk("a")))
                try await Task.sleep(for: .milliseconds(10))
            }
            try await writer.finish(nil)
        }
        try await Self.serve(drip, timeout: .seconds(2)) { endpoint in
            let start = ContinuousClock.now
            var shown = 0
            do {
                try await endpoint.stream(try Self.call.body(model: "m")) { _ in shown += 1 }
                Issue.record("the answer has no end")
            } catch {
                #expect(error as? ClientError == .timedOut)
            }
            #expect(shown > 0, "what came in time is shown")
            #expect(ContinuousClock.now - start < .seconds(30))
        }
    }

    @Test func anAnswerBeyondTheLimitIsRefused() async throws {
        for headers in [[:], [.contentType: "application/json"]] as [HTTPFields] {
            try await Self.serve(String(repeating: ": nothing\n\n", count: 200), headers: headers) { endpoint in
                var endpoint = endpoint
                endpoint.answerLimit = 1000
                await #expect(throws: ClientError.malformed("more than 1000 bytes")) {
                    _ = try await endpoint.answer(Self.call)
                }
            }
        }
    }

    @Test func aCallThatIsGivenUpEnds() async throws {
        let silence = ResponseBody { writer in
            try await Task.sleep(for: .seconds(10))
            try await writer.finish(nil)
        }
        try await Self.serve(silence) { endpoint in
            let start = ContinuousClock.now
            let call = Task { try await endpoint.answer(Self.call) }
            try await Task.sleep(for: .milliseconds(100))
            call.cancel()
            await #expect(throws: ClientError.unreachable(reason: "the request was given up")) { try await call.value }
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func oneTextIsAString() throws {
        let body = try ChatCall([.init("user", [.text("a \"b\"")])], maxTokens: 1).body(model: "m")
        let json = try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any])
        #expect((json["messages"] as? [[String: String]]) == [["role": "user", "content": "a \"b\""]])
    }

    @Test func aRefusalIsToldWithItsReason() async throws {
        let error = #"{"error": {"message": "too many", "type": "overloaded", "code": "overloaded", "param": null}}"#
        try await Self.serve(error, status: .serviceUnavailable, headers: [.retryAfter: "3"]) { endpoint in
            await #expect(
                throws: ClientError.refused(
                    Refusal(status: 503, reason: .init(message: "too many", code: "overloaded"), retryAfter: 3))
            ) { _ = try await endpoint.answer(Self.call) }
        }
    }

    @Test func whatIsNotOpenAIsFormIsSaidSo() async throws {
        let event = #"data: {"error": {"message": "gone", "code": "shutting_down"}}\#n\#n"#
        for (answer, expected) in [
            (Self.chunk("a") + event, ClientError.failed(.init(message: "gone", code: "shutting_down"))),
            (Self.chunk("a"), .cutShort), ("", .cutShort), ("<html>", .malformed("no chat completion but <html>")),
            ("data: [DONE]\n\n", .malformed("no chat completion but a stream that says nothing")),
            ("data: {}\n\n", .malformed("an event without choices")),
        ] {
            try await Self.serve(answer) { endpoint in
                await #expect(throws: expected) { _ = try await endpoint.answer(Self.call) }
            }
        }
        try await Self.serve("data: {\n\n") { endpoint in
            await #expect(throws: ClientError.self) { _ = try await endpoint.answer(Self.call) }
        }
        try await Self.serve("<html>", status: .badGateway) { endpoint in
            await #expect(
                throws: ClientError.refused(
                    Refusal(status: 502, reason: .init(message: "<html>", code: nil), retryAfter: nil))
            ) { _ = try await endpoint.answer(Self.call) }
        }
    }

    @Test(arguments: ["", "127.0.0.1:8000", "localhost:8000", "ftp://a/v1", "http://", "http:///v1", "http://a/v1?x=1"])
    func addressesThatAreNoneAreRefused(address: String) async {
        await #expect(throws: ClientError.address(found: address)) {
            try await OpenAIEndpoint.with(address, model: "m", key: nil) { _ in }
        }
    }

    @Test(arguments: [("http://a:1", "http://a:1/v1"), ("https://a/x/v1/", "https://a/x/v1")])
    func addressesAreCompleted(address: String, expected: String) async throws {
        try await OpenAIEndpoint.with(address, model: "m", key: nil) { #expect($0.url == expected) }
    }

    @Test func aServerThatIsNotThereIsSaidSo() async {
        await #expect(throws: ClientError.self) {
            try await OpenAIEndpoint.with("http://127.0.0.1:9", model: nil, key: nil) { _ in }
        }
    }
}
