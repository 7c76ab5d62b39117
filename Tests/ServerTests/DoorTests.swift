// Requests that are refused before their body is read, and what becomes of the connection they came on.

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import OpenAIAPI
import Testing

@testable import Server

extension ServerTests {
    @Suite struct DoorTests {
        private static let short = ServerFixture.chat("hi", "\"max_tokens\": 1")

        /// Statuses of the answers in a text.
        private static func statuses(_ text: String) -> [Int] {
            text.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
        }

        @Test func oneConnectionIsRefusedAndServedInTurn() async throws {
            try await ServerFixture.serve(ServerFixture.limits([.requests: 1])) { client, state in
                let socket = try RawSocket(port: #require(client.port))
                var ticket: Admission.Ticket? = try state.admission.enter()
                // The body comes in pieces, after the answer.
                let request = ConnectionTests.request(Self.short)
                let border = request.index(request.endIndex, offsetBy: -20)
                socket.send(String(request[..<border]))
                let first = await socket.receive(until: "\"overloaded\"")
                #expect(Self.statuses(first) == [503] && first.lowercased().contains("retry-after: 1"), "\(first)")
                for name in ["x-request-id: ", "content-type: application/json", "server: monocle"] {
                    #expect(first.lowercased().contains(name), "\(first)")
                }
                socket.send(String(request[border...]))
                // Two at once are refused one after the other.
                socket.send(request + ConnectionTests.request(Self.short, "x-request-id: my-second\r\n"))
                let both = await socket.receive(until: "my-second")
                #expect(Self.statuses(both) == [503, 503], "\(both)")
                withExtendedLifetime(ticket) {}
                ticket = nil
                #expect(ticket == nil && state.admission.count == 0)
                socket.send(request)
                let last = await socket.receive(until: "chat.completion")
                #expect(Self.statuses(last) == [200], "\(last)")
                #expect(try await ConnectionTests.isEmptied(state))
                let metrics = try await client.get("/metrics").body
                #expect(metrics.contains(#"monocle_requests_refused_total{reason="overloaded"} 3"#))
                #expect(metrics.contains(#"monocle_http_requests_total{route="/v1/chat/completions",status="503"} 3"#))
            }
        }

        @Test func whoeverWaitsForAnAnswerIsNotOvertaken() async throws {
            try await ServerFixture.serve(ServerFixture.limits([.requests: 1])) { client, state in
                let socket = try RawSocket(port: #require(client.port))
                let long = ServerFixture.chat(
                    "Tell me all.", "\"max_tokens\": 200, \"ignore_eos\": true, \"stream\": true")
                socket.send(ConnectionTests.request(long))
                _ = await socket.receive(until: "chat.completion.chunk")
                socket.send(ConnectionTests.request(Self.short, "connection: close\r\n"))
                let rest = await socket.receive(seconds: 60)
                let done = try #require(rest.range(of: "[DONE]"), "\(rest.suffix(300))")
                // The first may or may not have left the house by then.
                let after = Self.statuses(String(rest[done.upperBound...]))
                #expect(after.count == 1 && Self.statuses(rest).count == 1, "\(rest.suffix(300))")
                #expect(try await ConnectionTests.isEmptied(state))
            }
        }

        @Test func aRefusedBodyHasItsBound() async throws {
            try await ServerFixture.serve(ServerFixture.limits([.requests: 1, .bodyBytes: 2048])) { client, state in
                let ticket = try state.admission.enter()
                let socket = try RawSocket(port: #require(client.port))
                let head = ConnectionTests.request("").replacing("content-length: 0", with: "content-length: 1000000")
                socket.send(head)
                #expect(Self.statuses(await socket.receive(until: "\"overloaded\"")) == [503])
                for _ in 0..<4 { socket.send(String(repeating: "a", count: 1024)) }
                let start = ContinuousClock.now
                // Nothing more comes, and the connection ends.
                #expect(await socket.receive(seconds: 30).isEmpty && ContinuousClock.now - start < .seconds(20))
                withExtendedLifetime(ticket) {}
            }
        }

        /// The key comes first, and what is odd takes the long way: the answers are the same.
        @Test func aFullHouseTellsStrangersNothing() async throws {
            var settings = try ServerFixture.limits([.requests: 1])
            settings.apiKeys = ["correct-horse"]
            settings.corsOrigins = ["https://good.example"]
            try await ServerFixture.serve(settings) { client, state in
                let ticket = try state.admission.enter()
                let origin = try #require(HTTPField.Name("origin"))
                let known: HTTPFields = [.contentType: "application/json", .authorization: "Bearer correct-horse"]
                for (fields, status) in [
                    ([.contentType: "application/json"], 401),
                    ([.contentType: "application/json", .authorization: "Bearer wrong-horse"], 401), (known, 503),
                    (known + [origin: "https://good.example"], 503), (known + [.connection: "close"], 503),
                ] as [(HTTPFields, Int)] {
                    let reply = try await client.post("/v1/completions", #"{"prompt": "a"}"#, headers: fields)
                    #expect(reply.status == status, "\(fields): \(reply.body)")
                    if status == 503 { #expect(reply.code == "overloaded" && reply.headers[.retryAfter] == "1") }
                    if fields[origin] != nil {
                        #expect(reply.headers[.accessControlAllowOrigin] == "https://good.example")
                    }
                }
                state.admission.drain()
                let reply = try await client.post("/v1/responses", #"{"input": "a"}"#, headers: known)
                #expect(reply.status == 503 && reply.code == "shutting_down")
                withExtendedLifetime(ticket) {}
            }
        }
    }
}

private func + (a: HTTPFields, b: HTTPFields) -> HTTPFields {
    var fields = a
    for field in b { fields.append(field) }
    return fields
}
