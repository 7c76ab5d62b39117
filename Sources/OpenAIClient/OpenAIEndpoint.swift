// A server that answers in OpenAI's form, whoever's it is. Knows how to ask it, not why.

import AsyncHTTPClient
package import Foundation
import JSONText
import NIOCore

package struct OpenAIEndpoint: Sendable {
    /// Ends in `/v1` unless the given address has another path.
    package let url: String
    package let model: String
    private let key: String?
    private let timeout: Duration
    private let client: HTTPClient

    /// Opens the endpoint for the time of `body`.
    ///
    /// - Parameters:
    ///   - base: as OpenAI's own clients take it: `http://127.0.0.1:8000/v1`. Without a path, `/v1` is added.
    ///   - model: nil takes the first that the endpoint lists.
    ///   - connections: at most at once.
    ///   - timeout: of a request as a whole.
    package static func with<Value>(
        _ base: String, model: String?, key: String?, connections: Int = 64, timeout: Duration = .seconds(600),
        _ body: (OpenAIEndpoint) async throws -> Value
    ) async throws -> Value {
        let url = try address(base)
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let name = try await resolve(model, OpenAIEndpoint(url, model ?? "", key, timeout, client))
            let value = try await body(OpenAIEndpoint(url, name, key, timeout, client))
            try await client.shutdown()
            return value
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private init(_ url: String, _ model: String, _ key: String?, _ timeout: Duration, _ client: HTTPClient) {
        self.url = url
        self.model = model
        self.key = key
        self.timeout = timeout
        self.client = client
    }

    private static func address(_ base: String) throws(ClientError) -> String {
        guard let url = URL(string: base), ["http", "https"].contains(url.scheme), url.host()?.isEmpty == false,
            url.query() == nil, url.fragment() == nil
        else { throw .address(found: base) }
        let path = url.path().split(separator: "/").joined(separator: "/")
        guard let root = URL(string: "/", relativeTo: url)?.absoluteString else { throw .address(found: base) }
        return root + (path.isEmpty ? "v1" : path)
    }

    private static func resolve(_ model: String?, _ endpoint: OpenAIEndpoint) async throws(ClientError) -> String {
        if let model { return model }
        guard let first = try await endpoint.models().first else { throw .malformed("a list of no models") }
        return first
    }

    /// Names of the models that it serves.
    package func models() async throws(ClientError) -> [String] {
        let response = try await send(HTTPClientRequest(url: url + "/models"))
        let json = try ClientError.json(try await collect(response, upTo: 1 << 20))
        guard let list = json["data"]?.elements else { throw .malformed("a list of models without data") }
        return list.compactMap { $0["id"]?.text }
    }

    /// Asks and waits for the whole answer.
    package func answer(_ call: ChatCall) async throws(ClientError) -> ChatAnswer {
        var answer = ChatAnswer()
        try await stream(try call.body(model: model)) { answer.take($0) }
        return answer
    }

    /// Sends the body of a `ChatCall` and shows each event as it arrives; returns after the last.
    package func stream(_ body: Data, show: (ChatEvent) -> Void) async throws(ClientError) {
        var request = HTTPClientRequest(url: url + "/chat/completions")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await send(request)
        var parser = ServerSentEvents()
        var isComplete = false
        do {
            // What follows the last event is read too, so that the connection can be used again.
            for try await buffer in response.body where !isComplete {
                for data in try parser.take(buffer.readableBytesView) {
                    isComplete = data.elementsEqual("[DONE]".utf8)
                    if isComplete { break }
                    for event in try ChatEvent.events(of: data) { show(event) }
                }
            }
        } catch let error as HTTPClientError where error == .remoteConnectionClosed {
            guard isComplete else { throw .cutShort }
        } catch {
            throw Self.sorted(error)
        }
        guard isComplete else { throw .cutShort }
    }

    /// - Throws: `refused` for a status that is no success.
    private func send(_ request: HTTPClientRequest) async throws(ClientError) -> HTTPClientResponse {
        var request = request
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: .nanoseconds(Int64(timeout / .nanoseconds(1))))
        } catch {
            throw Self.sorted(error)
        }
        guard response.status.code != 200 else { return response }
        let bytes = try await collect(response, upTo: 1 << 20)
        throw .refused(
            Refusal(
                status: Int(response.status.code), reason: (try? ClientError.json(bytes)).flatMap(Refusal.Reason.init),
                retryAfter: response.headers.first(name: "retry-after").flatMap { Int($0) }))
    }

    private func collect(_ response: HTTPClientResponse, upTo limit: Int) async throws(ClientError) -> [UInt8] {
        do {
            return Array(try await response.body.collect(upTo: limit).readableBytesView)
        } catch {
            throw Self.sorted(error)
        }
    }

    private static func sorted(_ error: any Error) -> ClientError {
        switch error {
        case let error as ClientError: error
        case let error as HTTPClientError where [.deadlineExceeded, .readTimeout, .connectTimeout].contains(error):
            .timedOut
        case is CancellationError: .unreachable(reason: "the request was given up")
        case let error as IOError: .unreachable(reason: String(cString: strerror(error.errnoCode)))
        default: .unreachable(reason: "\(error)")
        }
    }
}
