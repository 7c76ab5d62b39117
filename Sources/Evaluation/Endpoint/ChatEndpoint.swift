// One chat completion from a server, tried again where that can help. Knows which errors pass, nothing of HTTP or benchmarks.

package import OpenAIClient

package struct ChatEndpoint: Sendable {
    private let endpoint: OpenAIEndpoint
    /// Seconds one request may take.
    private let timeout: Double
    /// Requests of one question at most.
    private let attempts: Int

    /// Seconds before another attempt: doubled each time, within bounds.
    private static let delays = 0.5...30.0

    /// - Parameters:
    ///   - url: `http://host:port/v1`.
    ///   - key: sent as a bearer token, never written anywhere.
    ///   - connections: requests that may be under way at once.
    package init(
        _ url: String, model: String, key: String? = nil, timeout: Double = 120, attempts: Int = 5, connections: Int
    ) throws(ClientError) {
        endpoint = try OpenAIEndpoint(
            url, model: model, key: key, connections: max(1, connections), timeout: .seconds(timeout))
        self.timeout = timeout
        self.attempts = max(1, attempts)
    }

    package var url: String { endpoint.url }
    package var model: String { endpoint.model }

    package func close() async { await endpoint.close() }

    /// - Throws: `RespondentError` when no attempt brought a completion, or `CancellationError`.
    package func complete(_ call: ChatCall) async throws -> (answer: ChatAnswer, attempts: Int) {
        var attempt = 1
        while true {
            let fault: Fault
            do throws(ClientError) {
                return (try await endpoint.answer(call), attempt)
            } catch {
                fault = Fault(error, url: url, timeout: timeout)
            }
            try Task.checkCancellation()
            guard fault.isPassing, attempt < attempts else {
                throw RespondentError(fault.failure, attempts: attempt)
            }
            try await Task.sleep(for: .seconds(Self.delay(attempt, fault.retryAfter)))
            attempt += 1
        }
    }

    /// Half to the whole of a delay that doubles, so that many waiting at once do not come back at once.
    static func delay(_ attempt: Int, _ retryAfter: Int?) -> Double {
        let grown = min(delays.lowerBound * Double(1 << min(attempt - 1, 16)), delays.upperBound)
        return max(Double.random(in: grown / 2...grown), min(Double(retryAfter ?? 0), delays.upperBound))
    }
}

/// What went wrong with one request.
private struct Fault {
    let failure: AnswerOutcome.Failure
    /// Whether another attempt may do better.
    var isPassing = true
    var retryAfter: Int?

    init(_ error: ClientError, url: String, timeout: Double) {
        switch error {
        case .timedOut: failure = .init(.timeout, "no answer within \(timeout) s")
        case .refused(let refusal):
            let status = refusal.status
            failure = .init(.endpoint, "status \(status): \(refusal.reason.message)", status: status)
            isPassing = [408, 409, 425, 429].contains(status) || status >= 500
            retryAfter = refusal.retryAfter
        case .failed, .malformed, .cutShort: failure = .init(.endpoint, "\(error)", status: 200)
        case .unreachable(let reason): failure = .init(.endpoint, "\(url): \(reason)")
        case .address:
            failure = .init(.endpoint, "\(error)")
            isPassing = false
        }
    }
}
