// Who is in the house: how many requests are under way, whether new ones are let in, who waits for the last to leave.

import OpenAIAPI
import Synchronization

/// Lets requests in up to a limit. Each holds a ticket; the ticket's end is the request's.
final class Admission: Sendable {
    /// A place in the house, given back when nothing holds it any more.
    final class Ticket: Sendable {
        private let admission: Admission
        private let number: Int
        private let endings = Mutex<[@Sendable () -> Void]>([])
        /// Cut when the request must end before its time.
        let lifeline = Lifeline()

        fileprivate init(_ admission: Admission, _ number: Int) {
            self.admission = admission
            self.number = number
        }

        deinit {
            for ending in endings.withLock({ $0 }) { ending() }
            admission.leave(number)
        }

        /// Runs an operation that is cancelled when the lifeline is cut; the place is held meanwhile.
        func run<Value: Sendable>(_ operation: @escaping @Sendable () async throws -> Value) async throws -> Value {
            defer { withExtendedLifetime(self) {} }
            return try await lifeline.run(operation)
        }

        /// Calls `ending` when the request has ended.
        func atEnd(_ ending: @escaping @Sendable () -> Void) { endings.withLock { $0.append(ending) } }
    }

    private struct State {
        var next = 0
        var isDraining = false
        var lines: [Int: Lifeline] = [:]
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    var isDraining: Bool { state.withLock(\.isDraining) }
    var count: Int { state.withLock(\.lines.count) }
    var isFull: Bool { count >= limit }

    /// Why nobody is let in now: 503 `shutting_down` or `overloaded`; nil while there is a place.
    var refusal: APIError? { state.withLock { refusal($0) } }

    private func refusal(_ state: borrowing State) -> APIError? {
        if state.isDraining {
            return APIError(503, "shutting_down", "the server is shutting down", retryAfter: 5)
        }
        guard state.lines.count >= limit else { return nil }
        return APIError(
            503, "overloaded", "\(state.lines.count) requests are under way; the limit requests is \(limit)",
            retryAfter: 1)
    }

    /// - Throws: `refusal`.
    func enter() throws(APIError) -> Ticket {
        let (number, refusal): (Int, APIError?) = state.withLock { state in
            if let refusal = self.refusal(state) { return (0, refusal) }
            state.next += 1
            return (state.next, nil)
        }
        if let refusal { throw refusal }
        let ticket = Ticket(self, number)
        state.withLock { $0.lines[number] = ticket.lifeline }
        return ticket
    }

    private func leave(_ number: Int) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.lines[number] = nil
            guard state.lines.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Lets nobody in any more.
    func drain() { state.withLock { $0.isDraining = true } }

    /// Returns when nobody is in the house.
    func whenEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.lines.isEmpty { return true }
                state.waiting.append(continuation)
                return false
            }
            if isEmpty { continuation.resume() }
        }
    }

    /// Ends every request under way.
    func cutAll(_ end: Lifeline.End) {
        for line in state.withLock({ Array($0.lines.values) }) { line.cut(end) }
    }
}
