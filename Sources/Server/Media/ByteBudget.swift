// Memory that all requests share, for bodies or for decoding. Knows bytes, not what they are.

import OpenAIAPI
import Synchronization

/// Gives out shares of a number of bytes, first come first served.
final class ByteBudget: Sendable {
    /// Bytes held until nothing holds the share any more.
    final class Share: Sendable {
        private let budget: ByteBudget
        private let bytes: Int

        fileprivate init(_ budget: ByteBudget, _ bytes: Int) {
            self.budget = budget
            self.bytes = bytes
        }

        deinit { budget.give(back: bytes) }
    }

    private struct Waiter {
        let number: Int
        let bytes: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var free: Int
        var next = 0
        var waiters: [Waiter] = []

        /// Takes what those in front may have now.
        mutating func served() -> [Waiter] {
            var served: [Waiter] = []
            while let first = waiters.first, first.bytes <= free {
                free -= first.bytes
                served.append(waiters.removeFirst())
            }
            return served
        }
    }

    private let total: Int
    private let state: Mutex<State>

    init(_ total: Int) {
        self.total = total
        state = Mutex(State(free: total))
    }

    /// - Throws: 503 `overloaded` when the bytes do not become free in time.
    func reserve(_ bytes: Int, within patience: Duration) async throws -> Share {
        let wanted = min(bytes, total)
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let timer = Task {
            try await Task.sleep(for: patience)
            refuse(number)
        }
        defer { timer.cancel() }
        let isServed = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let served = state.withLock { state in
                    state.waiters.append(Waiter(number: number, bytes: wanted, continuation: continuation))
                    return state.served()
                }
                for waiter in served { waiter.continuation.resume(returning: true) }
                if Task.isCancelled { refuse(number) }
            }
        } onCancel: {
            refuse(number)
        }
        guard isServed else {
            try Task.checkCancellation()
            throw APIError(503, "overloaded", "no memory became free for the request", retryAfter: 2)
        }
        return Share(self, wanted)
    }

    private func refuse(_ number: Int) {
        let (refused, served) = state.withLock { state -> (Waiter?, [Waiter]) in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return (nil, []) }
            return (state.waiters.remove(at: index), state.served())
        }
        refused?.continuation.resume(returning: false)
        for waiter in served { waiter.continuation.resume(returning: true) }
    }

    private func give(back bytes: Int) {
        let served = state.withLock { state in
            state.free += bytes
            return state.served()
        }
        for waiter in served { waiter.continuation.resume(returning: true) }
    }
}
