// Drives an endpoint with requests at a rate, or so many at once. Knows when to send and what to time, no statistics.

import Foundation
package import OpenAIClient
import Synchronization

package struct LoadTest: Sendable {
    package let endpoint: OpenAIEndpoint
    package let plan: LoadPlan
    /// Seconds within which abandoned requests are abandoned.
    private static let patience = 2.0

    package init(_ endpoint: OpenAIEndpoint, _ plan: LoadPlan) {
        self.endpoint = endpoint
        self.plan = plan
    }

    /// Sends every request of the plan and waits for the last to end.
    /// - Parameter progress: is told how many have ended.
    /// - Returns: what became of each, and the seconds from the first request to the end of the last.
    package func run(
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> (traces: [RequestTrace], seconds: Double) {
        let places = plan.maxConcurrency.map { Places($0) }
        let departures = plan.departures(within: Self.patience)
        let start = ContinuousClock.now
        var traces: [(Int, RequestTrace)] = []
        try await withThrowingTaskGroup(of: (Int, RequestTrace).self) { group in
            let ended = Tally()
            for (index, arrival) in plan.arrivals.enumerated() {
                try await Task.sleep(until: start + .seconds(arrival))
                await places?.take()
                group.addTask { [endpoint, plan] in
                    let trace = await Self.ask(endpoint, plan.bodies[index], leavingAfter: departures[index])
                    places?.give()
                    progress(ended.next())
                    return (index, trace)
                }
            }
            for try await trace in group { traces.append(trace) }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return (traces.sorted { $0.0 < $1.0 }.map(\.1), seconds)
    }

    private static func ask(
        _ endpoint: OpenAIEndpoint, _ body: Data, leavingAfter departure: Double?
    ) async -> RequestTrace {
        guard let departure else { return await ask(endpoint, body) }
        return await withTaskGroup(of: RequestTrace?.self) { group in
            group.addTask { await ask(endpoint, body) }
            group.addTask {
                try? await Task.sleep(for: .seconds(departure))
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? RequestTrace(end: .abandoned, seconds: departure)
        }
    }

    /// Sends one request and times what comes back.
    private static func ask(_ endpoint: OpenAIEndpoint, _ body: Data) async -> RequestTrace {
        let start = ContinuousClock.now
        func now() -> Double { (ContinuousClock.now - start) / .seconds(1) }
        var trace = RequestTrace(end: .completed, seconds: 0)
        var counted: Int?
        do {
            try await endpoint.stream(body) { event in
                switch event {
                case .text: trace.pieces.append(now())
                case .finished: break
                case .usage(let prompt, let completion):
                    trace.promptTokens = prompt
                    counted = completion
                }
            }
            trace.seconds = trace.pieces.last ?? now()
        } catch {
            trace.seconds = now()
            switch error {
            case .refused(let refusal): trace.end = .refused(status: refusal.status)
            default: trace.end = .failed(reason: "\(error)")
            }
        }
        trace.outputTokens = counted ?? trace.pieces.count
        return trace
    }
}

/// Counts from any task.
private final class Tally: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

/// Places for requests under way, given in order of asking.
private final class Places: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func give() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}
