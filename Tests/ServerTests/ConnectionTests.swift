// Checklist item 12: clients that are slow, rude or gone, and what becomes of their work.

import Foundation
import Hummingbird
import HummingbirdTesting
import OpenAIAPI
import Testing

@testable import Server

extension ServerTests {
    @Suite struct ConnectionTests {
        static func request(_ body: String, _ headers: String = "") -> String {
            """
            POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
            content-length: \(body.utf8.count)\r\n\(headers)\r\n\(body)
            """
        }

        static let long = ServerFixture.chat(
            "Tell me all.", "\"max_tokens\": 3000, \"ignore_eos\": true, \"stream\": true")

        /// Waits until nobody is in the house.
        static func isEmptied(_ state: ServerState, seconds: Double = 5) async throws -> Bool {
            let deadline = Date(timeIntervalSinceNow: seconds)
            while Date() < deadline {
                if state.admission.count == 0 { return true }
                try await Task.sleep(for: .milliseconds(10))
            }
            return false
        }

        @Test func aClientThatLeavesFreesItsWork() async throws {
            try await ServerFixture.serve { client, state in
                let port = try #require(client.port)
                for stage in ["at once", "mid-stream", "half-closed"] {
                    do {
                        let socket = try RawSocket(port: port)
                        socket.send(Self.request(Self.long))
                        if stage != "at once" {
                            #expect(await socket.receive(until: "chat.completion.chunk").contains("200 OK"))
                        }
                        if stage == "half-closed" {
                            socket.finishSending()
                            #expect(try await Self.isEmptied(state), "\(stage)")
                        }
                    }
                    #expect(try await Self.isEmptied(state), "\(stage)")
                }
            }
        }

        @Test func aClientThatDoesNotReadIsCutOff() async throws {
            try await ServerFixture.serve(ServerFixture.limits([.stalledSeconds: 1])) { client, state in
                let socket = try RawSocket(port: #require(client.port), receiveBuffer: 2048)
                let body = ServerFixture.chat(
                    "Tell me all.",
                    "\"max_tokens\": 4000, \"ignore_eos\": true, \"stream\": true, \"logprobs\": true, \"top_logprobs\": 20"
                )
                socket.send(Self.request(body))
                #expect(try await Self.isEmptied(state, seconds: 60))
            }
        }

        @Test func slowSendersGetTheirTimeAndNoMore() async throws {
            let limits = try ServerFixture.limits([.headerSeconds: 1, .bodySeconds: 1])
            try await ServerFixture.serve(limits) { client, state in
                let port = try #require(client.port)
                let header = try RawSocket(port: port)
                header.send("GET /health HT")
                #expect(await header.receive().hasPrefix("HTTP/1.1 408"))
                let body = try RawSocket(port: port)
                body.send(
                    "POST /tokenize HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{\"p"
                )
                let answer = await body.receive(until: "request_timeout")
                #expect(answer.hasPrefix("HTTP/1.1 408") && answer.contains("request_timeout"))
                #expect(try await Self.isEmptied(state))
            }
        }

        @Test func headersAreBounded() async throws {
            try await ServerFixture.serve { client, _ in
                let port = try #require(client.port)
                let large = try RawSocket(port: port)
                large.send(
                    "GET /health HTTP/1.1\r\nhost: x\r\nx-large: \(String(repeating: "a", count: 20_000))\r\n\r\n")
                #expect(await large.receive().hasPrefix("HTTP/1.1 431"))
                let many = try RawSocket(port: port)
                many.send("GET /health HTTP/1.1\r\nhost: x\r\n" + (0..<200).map { "x-\($0): a\r\n" }.joined() + "\r\n")
                #expect(await many.receive().hasPrefix("HTTP/1.1 431"))
            }
        }

        @Test func oddRequestsAreAnsweredOrRefused() async throws {
            try await ServerFixture.serve { client, state in
                let port = try #require(client.port)
                func answer(_ text: String, until: String? = nil) async throws -> String {
                    let socket = try RawSocket(port: port)
                    socket.send(text)
                    return await socket.receive(until: until, seconds: 5)
                }
                let pipelined = try await answer(
                    "GET /health HTTP/1.1\r\nhost: x\r\n\r\nGET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
                )
                #expect(pipelined.contains("\"ok\"") && pipelined.contains("\"version\""))
                #expect(try await answer("GET /health HTTP/1.0\r\n\r\n", until: "ok").contains("200 OK"))
                let chunked =
                    "POST /tokenize HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n"
                #expect(try await answer(chunked + "\r\nZZ\r\n{}\r\n", until: "400").contains("400"))
                #expect(
                    try await answer(chunked + "content-length: 3\r\n\r\n0\r\n\r\n", until: "400").contains("400"))
                let expecting = try RawSocket(port: port)
                let body = #"{"prompt": "hi"}"#
                expecting.send(
                    "POST /tokenize HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: \(body.utf8.count)\r\n\r\n"
                )
                #expect(await expecting.receive(until: "100 Continue", seconds: 5).contains("100 Continue"))
                expecting.send(body)
                #expect(await expecting.receive(until: "max_model_len", seconds: 5).contains("\"tokens\""))
                #expect(try await answer("\r\n\r\n\u{1}\u{2}garbage\r\n\r\n", until: "400").contains("400"))
                #expect(try await client.get("/health").status == 200)
                #expect(try await Self.isEmptied(state))
            }
        }

        @Test func silenceAndStalledWritesAreTold() async throws {
            let pulse = Pulse()
            #expect(!pulse.silent(longerThan: .seconds(60)) && !pulse.writing(longerThan: .zero))
            pulse.beginWrite()
            try await Task.sleep(for: .milliseconds(5))
            #expect(pulse.writing(longerThan: .milliseconds(1)) && !pulse.silent(longerThan: .zero))
            pulse.endWrite()
            try await Task.sleep(for: .milliseconds(5))
            #expect(pulse.silent(longerThan: .milliseconds(1)) && !pulse.writing(longerThan: .zero))
        }

        @Test func theFirstSignOfAnAnswerDecidesItsStatus() async throws {
            let refused = StartSignal()
            #expect(refused.fail(APIError(503, "overloaded", "full")))
            await #expect(throws: APIError.self) { try await refused.wait(upTo: .seconds(30)) }
            let begun = StartSignal()
            begun.succeed()
            #expect(!begun.fail(APIError(500, "engine_error", "later")))
            try await begun.wait(upTo: .seconds(30))
            let slow = StartSignal()
            try await slow.wait(upTo: .milliseconds(5))
            #expect(!slow.fail(APIError(500, "engine_error", "after the patience")))
        }
    }
}
