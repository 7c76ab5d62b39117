// A server that answers in OpenAI's form, whoever's it is. Knows how to ask it, not why.

import AsyncHTTPClient
package import Foundation
import JSONText
import NIOCore
import Timing

package struct OpenAIEndpoint: Sendable {
    /// Ends in `/v1` unless the given address has another path.
    package let url: String
    package private(set) var model: String
    /// Bytes of one answer at most, the frame of its stream included.
    var answerLimit = 64 << 20
    private let key: String?
    private let timeout: Duration
    private let client: HTTPClient

    /// Opens the endpoint for the time of `body`, for the first model that it lists if `model` is nil.
    ///
    /// The other parameters are those of `init`.
    package static func with<Value>(
        _ base: String, model: String?, key: String?, connections: Int = 64, timeout: Duration = .seconds(600),
        _ body: (OpenAIEndpoint) async throws -> Value
    ) async throws -> Value {
        var endpoint = try OpenAIEndpoint(
            base, model: model ?? "", key: key, connections: connections, timeout: timeout)
        do {
            if model == nil {
                guard let first = try await endpoint.models().first else {
                    throw ClientError.malformed("a list of no models")
                }
                endpoint.model = first
            }
            let value = try await body(endpoint)
            await endpoint.close()
            return value
        } catch {
            await endpoint.close()
            throw error
        }
    }

    /// Opens the endpoint; whoever does must `close` it.
    ///
    /// - Parameters:
    ///   - base: as OpenAI's own clients take it: `http://127.0.0.1:8000/v1`. Without a path, `/v1` is added.
    ///   - key: sent as a bearer token, never written anywhere.
    ///   - connections: at most at once.
    ///   - timeout: of a request as a whole, however slowly its answer comes.
    package init(
        _ base: String, model: String, key: String?, connections: Int, timeout: Duration
    ) throws(ClientError) {
        url = try Self.address(base)
        self.model = model
        self.key = key
        self.timeout = timeout
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        // Without this a refused connection is tried again until the request's time is up.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    package func close() async { try? await client.shutdown() }

    private static func address(_ base: String) throws(ClientError) -> String {
        guard let url = URL(string: base), ["http", "https"].contains(url.scheme), url.host()?.isEmpty == false,
            url.query() == nil, url.fragment() == nil
        else { throw .address(found: base) }
        let path = url.path().split(separator: "/").joined(separator: "/")
        guard let root = URL(string: "/", relativeTo: url)?.absoluteString else { throw .address(found: base) }
        return root + (path.isEmpty ? "v1" : path)
    }

    /// Names of the models that it serves.
    package func models() async throws(ClientError) -> [String] {
        try await inTime { () throws(ClientError) in
            let response = try await send(HTTPClientRequest(url: url + "/models"))
            let json = try ClientError.json(try await collect(response, upTo: 1 << 20))
            guard let list = json["data"]?.elements else { throw .malformed("a list of models without data") }
            return list.compactMap { $0["id"]?.text }
        }
    }

    /// Asks and waits for the whole answer.
    package func answer(_ call: ChatCall) async throws(ClientError) -> ChatAnswer {
        var answer = ChatAnswer()
        try await stream(try call.body(model: model)) { answer.take($0) }
        guard answer.finishReason != nil || !answer.text.isEmpty else {
            throw .malformed("no chat completion but a stream that says nothing")
        }
        return answer
    }

    /// Sends the body of a `ChatCall` and shows each event as it arrives; returns after the last.
    package func stream(_ body: Data, show: (ChatEvent) -> Void) async throws(ClientError) {
        let (events, feed) = AsyncStream<ChatEvent>.makeStream()
        try await inTime { () throws(ClientError) in
            defer { feed.finish() }
            try await receive(body) { feed.yield($0) }
        } meanwhile: {
            for await event in events { show(event) }
        }
    }

    /// Within the time that a request is given. The HTTP client's own time ends where an answer begins.
    private func inTime<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(ClientError) -> Value, meanwhile: () async -> Void = {}
    ) async throws(ClientError) -> Value {
        let task = Task { try await work() }
        let alarm = Alarms.shared.set(in: timeout) { task.cancel() }
        let result = await withTaskCancellationHandler {
            await meanwhile()
            return await task.result
        } onCancel: {
            task.cancel()
        }
        let isInTime = alarm.callOff()
        switch result {
        case .success(let value): return value
        case .failure(let error):
            // What a task that was told to stop says of it means nothing.
            if Task.isCancelled { throw Self.sorted(CancellationError()) }
            throw isInTime ? Self.sorted(error) : .timedOut
        }
    }

    private func receive(_ body: Data, show: (ChatEvent) -> Void) async throws(ClientError) {
        var request = HTTPClientRequest(url: url + "/chat/completions")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await send(request)
        if response.headers.first(name: "content-type")?.lowercased().hasPrefix("application/json") == true {
            for event in try ChatEvent.events(ofWhole: try await collect(response, upTo: answerLimit)) { show(event) }
            return
        }
        var parser = ServerSentEvents()
        var beginning: [UInt8] = []
        var count = 0
        var (hasBegun, isComplete) = (false, false)
        do {
            // What follows the last event is read too, so that the connection can be used again.
            for try await buffer in response.body {
                count += buffer.readableBytes
                guard count <= answerLimit else { throw NIOTooManyBytesError(maxBytes: answerLimit) }
                guard !isComplete else { continue }
                if beginning.count < 300 { beginning += buffer.readableBytesView.prefix(300) }
                for data in try parser.take(buffer.readableBytesView) {
                    hasBegun = true
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
        guard hasBegun || beginning.isEmpty else { throw .noCompletion(beginning) }
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
        throw .refused(
            Refusal(
                status: Int(response.status.code), reason: .init(try await collect(response, upTo: 1 << 20)),
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
        case let error as HTTPClientError
        where [.deadlineExceeded, .readTimeout, .writeTimeout, .connectTimeout].contains(error):
            .timedOut
        case let error as NIOTooManyBytesError:
            .malformed("more than \(error.maxBytes.map(String.init) ?? "the allowed") bytes")
        case is CancellationError: .unreachable(reason: "the request was given up")
        case let error as IOError: .unreachable(reason: String(cString: strerror(error.errnoCode)))
        default: .unreachable(reason: "\(error)")
        }
    }
}
