// What the two sides of a stream know of each other: when was written last, and whether the answer has begun.

import OpenAIAPI
import Synchronization
import Timing

/// When something was last written, and since when a write waits.
final class Pulse: Sendable {
    private let state = Mutex<(last: ContinuousClock.Instant, writing: Bool)>((.now, false))

    func beginWrite() { state.withLock { $0 = (.now, true) } }
    func endWrite() { state.withLock { $0 = (.now, false) } }
    func writing(longerThan time: Duration) -> Bool { state.withLock { $0.writing && .now - $0.last > time } }
    func silent(longerThan time: Duration) -> Bool { state.withLock { !$0.writing && .now - $0.last > time } }
}

/// Whether an answer has begun. The first of success, failure and the end of patience counts.
final class StartSignal: Sendable {
    private struct State {
        var outcome: Result<Void, APIError>?
        var waiter: CheckedContinuation<Void, any Error>?
    }
    private let state = Mutex(State())

    func succeed() { _ = settle(.success(())) }

    /// - Returns: true when the failure came before anything else, and is thrown by `wait`.
    func fail(_ error: APIError) -> Bool { settle(.failure(error)) }

    private func settle(_ outcome: Result<Void, APIError>) -> Bool {
        let (isFirst, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Void, any Error>?) in
            guard state.outcome == nil else { return (false, nil) }
            state.outcome = outcome
            defer { state.waiter = nil }
            return (true, state.waiter)
        }
        waiter?.resume(with: outcome.mapError { $0 as any Error })
        return isFirst
    }

    func wait(upTo patience: Duration) async throws {
        let alarm = Alarms.shared.set(in: patience) { [self] in succeed() }
        defer { alarm.callOff() }
        try await withCheckedThrowingContinuation { continuation in
            let outcome = state.withLock { state -> Result<Void, APIError>? in
                if state.outcome == nil { state.waiter = continuation }
                return state.outcome
            }
            if let outcome { continuation.resume(with: outcome.mapError { $0 as any Error }) }
        }
    }
}
