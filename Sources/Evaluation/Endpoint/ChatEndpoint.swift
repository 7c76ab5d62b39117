// One chat completion from any server that speaks OpenAI's API, tried again where that can help. Knows HTTP and the reply's
// form, nothing of benchmarks.

import AsyncHTTPClient
import Foundation
import JSONText
import NIOCore

/// Where a server is and how patient to be with it.
package struct EndpointSettings: Sendable {
    /// `http://host:port/v1`.
    package let url: String
    package let model: String
    /// Sent as a bearer token, never written anywhere.
    package let key: String?
    /// Seconds one request may take.
    package let timeout: Double
    /// Requests of one question at most.
    package let attempts: Int

    /// - Throws: `option` for an address that is not http or https.
    package init(
        url: String, model: String, key: String? = nil, timeout: Double = 120, attempts: Int = 5
    ) throws(EvaluationError) {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme, ["http", "https"].contains(scheme),
            parts.host?.isEmpty == false, parts.query == nil, parts.fragment == nil
        else {
            throw .option(name: "the endpoint", found: url, expected: "an address such as http://127.0.0.1:8000/v1")
        }
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        self.url = parts.path.isEmpty || parts.path == "/" ? base + "/v1" : base
        self.model = model
        self.key = key
        self.timeout = timeout
        self.attempts = max(1, attempts)
    }
}

/// What a server answered.
package struct Completion: Sendable, Equatable {
    package let text: String
    package let promptTokens: Int?
    package let tokens: Int?
    package let finishReason: String?
    package let attempts: Int
}

package final class ChatEndpoint: Sendable {
    package let settings: EndpointSettings
    private let client: HTTPClient

    /// Bytes of a server's answer at most.
    private static let answerLimit = 16 << 20
    /// Seconds before another attempt: doubled each time, within bounds.
    private static let delays = 0.5...30.0

    /// - Parameter connections: requests that may be under way at once.
    package init(_ settings: EndpointSettings, connections: Int) {
        self.settings = settings
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(1, connections)
        // Without this a refused connection is tried again until the request's time is up.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    package func close() async { try? await client.shutdown() }

    /// - Parameter body: of `POST /chat/completions`.
    /// - Throws: `RespondentError` when no attempt brought a completion, or `CancellationError`.
    package func complete(_ body: [UInt8]) async throws -> Completion {
        var attempt = 1
        while true {
            let fault: Fault
            do {
                return try await request(body, attempt)
            } catch let error as Fault {
                fault = error
            }
            guard fault.isPassing, attempt < settings.attempts else {
                throw RespondentError(fault.failure, attempts: attempt)
            }
            try await Task.sleep(for: .seconds(Self.delay(attempt, fault.retryAfter)))
            attempt += 1
        }
    }

    /// Half to the whole of a delay that doubles, so that many waiting at once do not come back at once.
    static func delay(_ attempt: Int, _ retryAfter: Double?) -> Double {
        let grown = min(delays.lowerBound * Double(1 << min(attempt - 1, 16)), delays.upperBound)
        return max(Double.random(in: grown / 2...grown), min(retryAfter ?? 0, delays.upperBound))
    }

    /// What went wrong with one request.
    private struct Fault: Error {
        let failure: AnswerOutcome.Failure
        /// Whether another attempt may do better.
        let isPassing: Bool
        var retryAfter: Double?
    }

    private func request(_ body: [UInt8], _ attempt: Int) async throws -> Completion {
        var request = HTTPClientRequest(url: settings.url + "/chat/completions")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "accept", value: "application/json")
        if let key = settings.key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        request.body = .bytes(ByteBuffer(bytes: body))
        let answer: Answer
        do {
            answer = try await send(request)
        } catch {
            try Task.checkCancellation()
            let timedOut: [HTTPClientError] = [.deadlineExceeded, .readTimeout, .writeTimeout, .connectTimeout]
            guard (error as? HTTPClientError).map(timedOut.contains) != true else {
                throw Fault(
                    failure: .init(.timeout, "no answer within \(settings.timeout) s"), isPassing: true)
            }
            throw Fault(failure: .init(.endpoint, "\(settings.url): \(error)"), isPassing: true)
        }
        guard answer.status == 200 else {
            let isPassing = [408, 409, 425, 429].contains(answer.status) || answer.status >= 500
            throw Fault(
                failure: .init(
                    .endpoint, "status \(answer.status): \(Self.excerpt(answer.body))", status: answer.status),
                isPassing: isPassing, retryAfter: answer.retryAfter)
        }
        guard let completion = Self.completion(answer.body, attempt) else {
            throw Fault(
                failure: .init(.endpoint, "no chat completion but \(Self.excerpt(answer.body))", status: answer.status),
                isPassing: true)
        }
        return completion
    }

    private struct Answer: Sendable {
        let status: Int
        let retryAfter: Double?
        let body: [UInt8]
    }

    /// The whole answer within the time that one request may take, however slowly its bytes come.
    private func send(_ request: HTTPClientRequest) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask { [self] in
                let limit = TimeAmount.nanoseconds(Int64(settings.timeout * 1e9))
                let response = try await client.execute(request, timeout: limit)
                let body = try await response.body.collect(upTo: Self.answerLimit)
                return Answer(
                    status: Int(response.status.code),
                    retryAfter: response.headers.first(name: "retry-after").flatMap(Double.init),
                    body: Array(body.readableBytesView))
            }
            group.addTask { [settings] in
                try await Task.sleep(for: .seconds(settings.timeout))
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    /// Nil for what is not a chat completion with a text.
    private static func completion(_ bytes: [UInt8], _ attempt: Int) -> Completion? {
        guard let json = bytes.withUnsafeBytes({ try? JSON($0) }), let choice = json["choices"]?.elements?.first,
            let text = choice["message"]?["content"]?.text
        else { return nil }
        let usage = json["usage"]
        return Completion(
            text: text, promptTokens: usage?["prompt_tokens"]?.wholeNumber,
            tokens: usage?["completion_tokens"]?.wholeNumber, finishReason: choice["finish_reason"]?.text,
            attempts: attempt)
    }

    private static func excerpt(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.prefix(300), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? "an empty body" : text
    }
}
