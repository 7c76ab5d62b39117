// What a request's work hangs on: cut when the client leaves, time is up or the server stops. Knows not who cuts it.

import OpenAIAPI
import Synchronization

final class Lifeline: Sendable {
    enum End: Sendable, Equatable {
        case clientGone
        case shutdown
        case deadline(seconds: Int)

        var error: APIError {
            switch self {
            case .clientGone: APIError(499, "client_gone", "the client left before the answer was finished")
            case .shutdown:
                APIError(503, "shutting_down", "the server stopped before the answer was finished", retryAfter: 5)
            case .deadline(let seconds):
                APIError(
                    504, "deadline_exceeded", "the request took longer than the limit request-seconds, \(seconds) s")
            }
        }
    }

    private struct State {
        var end: End?
        var handlers: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// Why the line was cut; nil while it holds.
    var end: End? { state.withLock(\.end) }

    /// The first reason stands.
    func cut(_ end: End) {
        let handlers = state.withLock { state -> [@Sendable () -> Void] in
            guard state.end == nil else { return [] }
            state.end = end
            defer { state.handlers = [] }
            return state.handlers
        }
        for handler in handlers { handler() }
    }

    /// Calls `handler` once when the line is cut, at once if it is.
    func whenCut(_ handler: @escaping @Sendable () -> Void) {
        let isCut = state.withLock { state in
            if state.end != nil { return true }
            state.handlers.append(handler)
            return false
        }
        if isCut { handler() }
    }

    /// Runs an operation that is cancelled when the line is cut.
    /// - Throws: the reason then, or the operation's own error.
    func run<Value: Sendable>(_ operation: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task(operation: operation)
        whenCut { task.cancel() }
        do {
            let value = try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
            return value
        } catch {
            if let end { throw end.error }
            throw error
        }
    }
}
