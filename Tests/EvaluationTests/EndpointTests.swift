import BenchmarkData
import Evaluation
import Foundation
import Imaging
import JSONText
import Scoring
import Synchronization
import TestSupport
import Testing

struct EndpointTests {
    private func endpoint(_ url: String, key: String? = nil, timeout: Double = 5, attempts: Int = 3) throws
        -> ChatEndpoint
    {
        try ChatEndpoint(
            url, model: "a \"model\"", key: key, timeout: timeout, attempts: attempts, connections: 4)
    }

    private func item(_ parts: [PromptPart] = [.text("Which?\n")], images: [ItemImage] = []) -> BenchmarkItem {
        BenchmarkItem(facts: ItemFacts(index: 0, groups: [:]), prompt: parts, images: images, answers: ["a"])
    }

    private func ask(_ endpoint: ChatEndpoint, _ item: BenchmarkItem) async throws -> Result<Reply, RespondentError> {
        do {
            let reply = try await EndpointRespondent(endpoint).reply(to: item, maxTokens: 9)
            await endpoint.close()
            return .success(reply)
        } catch let error as RespondentError {
            await endpoint.close()
            return .failure(error)
        }
    }

    @Test func sendsTheItemAndReadsTheReply() async throws {
        let seen = Mutex<[StubServer.Request]>([])
        let server = try StubServer { request in
            seen.withLock { $0.append(request) }
            return .completion("yes \"it\"\nis", finish: "length")
        }
        defer { server.stop() }
        let red = PixelImage(width: 3, height: 2, pixels: (0..<6).flatMap { _ in [250, 3, UInt8(4)] })
        let png = try red.png()
        let asked = item(
            [.text("See"), .image(0), .text(""), .image(1), .text("?")],
            images: [ItemImage(.data(png, name: "a")), ItemImage(.pixels(red, name: "b"), detail: .low)])
        let reply = try await ask(try endpoint(server.url, key: "secret"), asked).get()
        #expect(
            reply == Reply(text: "yes \"it\"\nis", promptTokens: 7, tokens: 2, finishReason: "length", attempts: 1))
        let request = try #require(seen.withLock { $0.first })
        #expect(request.head.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
        #expect(request.head.lowercased().contains("authorization: bearer secret"))
        let body = try request.body.withUnsafeBytes { try JSON($0) }
        #expect(body["model"]?.text == "a \"model\"" && body["max_tokens"]?.wholeNumber == 9)
        #expect(body["temperature"]?.wholeNumber == 0)
        let content = try #require(body["messages"]?.elements?.first?["content"]?.elements)
        #expect(content.map { $0["type"]?.text } == ["text", "image_url", "image_url", "text"])
        let url = "data:image/png;base64," + png.base64EncodedString()
        #expect(content[1]["image_url"]?["url"]?.text == url, "the bytes as they are")
        #expect(content[2]["image_url"]?["url"]?.text == url && content[2]["image_url"]?["detail"]?.text == "low")
        #expect(try PixelImage(decoding: png.bytes) == red)
    }

    @Test func aTextAloneIsAString() async throws {
        let seen = Mutex<JSON?>(nil)
        let server = try StubServer { request in
            seen.withLock { $0 = try? request.body.withUnsafeBytes { try JSON($0) } }
            return .completion("")
        }
        defer { server.stop() }
        let reply = try await ask(try endpoint(server.url + "/other/v2/"), item()).get()
        #expect(reply.text == "", "an empty reply is a reply")
        #expect(seen.withLock { $0 }?["messages"]?.elements?.first?["content"]?.text == "Which?\n")
    }

    @Test func anAnswerInOnePieceIsAnAnswer() async throws {
        let server = try StubServer { _ in .wholeCompletion("yes\n\"it\" is") }
        defer { server.stop() }
        let reply = try await ask(try endpoint(server.url), item()).get()
        #expect(
            reply == Reply(text: "yes\n\"it\" is", promptTokens: 7, tokens: 2, finishReason: "stop", attempts: 1))
    }

    @Test func triesAgainWhereThatCanHelp() async throws {
        let server = try StubServer { request in
            switch request.number {
            case 0: .status(500, "broken")
            case 1: .status(429, "busy", headers: ["retry-after: 0"])
            case 2: .status(200, "<html>no JSON</html>")
            case 3: .hangUp
            default: .completion("done")
            }
        }
        defer { server.stop() }
        let reply = try await ask(try endpoint(server.url, attempts: 5), item()).get()
        #expect(reply.text == "done" && reply.attempts == 5)
    }

    @Test func failuresAreErrorsAndNoText() async throws {
        func json(_ text: String) -> StubServer.Answer {
            .status(200, text, headers: ["content-type: application/json"])
        }
        let cases:
            [(answer: StubServer.Answer, kind: AnswerOutcome.Failure.Kind, status: Int?, words: String, attempts: Int)] =
                [
                    (.status(500, "broken"), .endpoint, 500, "status 500: broken", 2),
                    (.status(400, "too long"), .endpoint, 400, "status 400: too long", 1),
                    (.status(400, #"{"error": {"message": "why"}}"#), .endpoint, 400, "status 400: why", 1),
                    (.status(401, ""), .endpoint, 401, "an empty body", 1),
                    (.status(200, "nonsense"), .endpoint, 200, "no chat completion but nonsense", 2),
                    (json(#"{"choices": []}"#), .endpoint, 200, "no chat completion", 2),
                    (json(#"{"choices": [{"message": {"content": null}}]}"#), .endpoint, 200, "no chat completion", 2),
                    (json("nonsense"), .endpoint, 200, "not JSON", 2),
                    (json(#"{"error": "gone"}"#), .endpoint, 200, "gone", 2),
                    (.status(200, "data: [DONE]\n\n"), .endpoint, 200, "no chat completion", 2),
                    (.status(200, "data: {\"choices\": []}\n\n"), .endpoint, 200, "ended before", 2),
                    (.hangUp, .endpoint, nil, "127.0.0.1", 2),
                    (.late(3, .completion("late")), .timeout, nil, "no answer within 0.5 s", 2),
                    (.stalled(3), .timeout, nil, "no answer within 0.5 s", 2),
                ]
        for (answer, kind, status, words, attempts) in cases {
            let server = try StubServer { _ in answer }
            // Half a second is what a busy machine may need for an answer that does come.
            let timeout = kind == .timeout ? 0.5 : 30
            let result = try await ask(try endpoint(server.url, timeout: timeout, attempts: 2), item())
            server.stop()
            guard case .failure(let error) = result else {
                Issue.record("\(answer) gave a reply")
                continue
            }
            #expect(error.failure.kind == kind && error.failure.status == status, "\(error)")
            #expect(error.failure.message.contains(words) && error.attempts == attempts, "\(error)")
        }
        let server = try StubServer { _ in .hangUp }
        server.stop()
        let refused = try await ask(try endpoint(server.url, attempts: 2), item())
        guard case .failure(let error) = refused else {
            Issue.record("a closed port gave a reply")
            return
        }
        #expect(error.failure.kind == .endpoint && error.attempts == 2)
    }

    @Test func aServerThatDoesNotAnswerStopsTheRunBeforeItBegins() async throws {
        let server = try StubServer { _ in .status(404, "no such model") }
        defer { server.stop() }
        let endpoint = try endpoint(server.url)
        do {
            try await endpoint.check()
            Issue.record("checked")
        } catch let error as EvaluationError {
            #expect("\(error)".contains("does not answer: status 404: no such model"))
        }
        await endpoint.close()
    }
}
