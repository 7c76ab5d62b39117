// What all requests share: memory for bodies and for decoding, places among decoders. Knows amounts, not what they are of.

import OpenAIAPI
import Synchronization
import Timing

/// Gives out shares of an amount, first come first served.
final class Budget: Sendable {
    /// Held until nothing holds the share any more.
    final class Share: Sendable {
        private let budget: Budget
        private let amount: Int

        fileprivate init(_ budget: Budget, _ amount: Int) {
            self.budget = budget
            self.amount = amount
        }

        deinit { budget.give(back: amount) }
    }

    private struct Waiter {
        let number: Int
        let amount: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var free: Int
        var next = 0
        var waiters: [Waiter] = []

        /// Takes what those in front may have now.
        mutating func served() -> [Waiter] {
            var served: [Waiter] = []
            while let first = waiters.first, first.amount <= free {
                free -= first.amount
                served.append(waiters.removeFirst())
            }
            return served
        }
    }

    private let total: Int
    /// As in "no memory became free".
    private let what: String
    private let state: Mutex<State>

    init(_ total: Int, of what: String) {
        self.total = total
        self.what = what
        state = Mutex(State(free: total))
    }

    /// - Throws: 503 `overloaded` when the amount does not become free in time.
    func reserve(_ amount: Int, within patience: Duration) async throws -> Share {
        let wanted = min(amount, total)
        let place: Int? = state.withLock { state in
            if state.waiters.isEmpty, state.free >= wanted {
                state.free -= wanted
                return nil
            }
            state.next += 1
            return state.next
        }
        guard let number = place else { return Share(self, wanted) }
        let alarm = Alarms.shared.set(in: patience) { [self] in refuse(number) }
        defer { alarm.callOff() }
        let isServed = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let served = state.withLock { state in
                    state.waiters.append(Waiter(number: number, amount: wanted, continuation: continuation))
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
            throw APIError(503, "overloaded", "no \(what) became free for the request", retryAfter: 2)
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

    private func give(back amount: Int) {
        let served = state.withLock { state in
            state.free += amount
            return state.served()
        }
        for waiter in served { waiter.continuation.resume(returning: true) }
    }
}
