// What callers hand to the engine's thread and what it tells them. Knows queues, not tokens.

import Foundation
import Synchronization

/// Requests and cancellations on their way to the engine's thread; its statistics on their way back.
final class Inbox: @unchecked Sendable {
    // Sendable: everything mutable is touched only while `condition` is locked.
    private enum Phase { case open, draining, stopping }

    /// What arrived since the last step.
    struct Intake {
        var jobs: [Job]
        var cancelled: [Int]
        var isStopping: Bool
    }

    private let running: Int
    private let maxWaiting: Int
    private let maxWaitingTokens: Int
    private let condition = NSCondition()
    private var phase = Phase.open
    private var hasEnded = false
    private var jobs: [Job] = []
    private var cancelled: [Int] = []
    private var nextNumber = 0
    private var published = EngineStatistics()
    private var refused: [String: Int] = [:]
    private var farewells: [CheckedContinuation<Void, Never>] = []

    init(options: EngineOptions, pages: Int) {
        running = options.running
        maxWaiting = options.maxWaiting
        maxWaitingTokens = options.maxWaitingTokens ?? options.context.multipliedReportingOverflow(by: 8).partialValue
        published.pagesTotal = pages
    }

    // MARK: - Callers

    /// Queues the job that `make` creates from its number.
    func add(tokens: Int, _ make: (Int) -> Job) throws(EngineError) -> Job {
        condition.lock()
        defer { condition.unlock() }
        if let refusal = refusal(tokens: tokens) { throw refusal }
        let job = make(nextNumber)
        nextNumber += 1
        jobs.append(job)
        condition.signal()
        return job
    }

    /// Why a request of a single token would be refused now.
    var overload: EngineError? { condition.withLock { refusal(tokens: 1) } }

    /// With `condition` locked.
    private func refusal(tokens: Int) -> EngineError? {
        guard phase == .open else { return .stopped }
        // Whoever arrived since the last step takes a free place in the next, unless others wait before him.
        let places = published.waiting > 0 ? 0 : max(0, running - published.running)
        guard jobs.count >= places else { return nil }
        let waiting = published.waiting + jobs.count - places
        guard waiting < maxWaiting else { return .overloaded(waiting: waiting, limit: maxWaiting) }
        let waitingTokens = published.waitingTokens + jobs.reduce(0) { $0 + $1.request.prompt.count }
        guard waiting == 0 || waitingTokens + tokens <= maxWaitingTokens else {
            return .overloadedTokens(waiting: waitingTokens, limit: maxWaitingTokens)
        }
        return nil
    }

    func cancel(_ job: Job) {
        job.cancel()
        condition.withLock {
            cancelled.append(job.number)
            condition.signal()
        }
    }

    func refuse(_ error: EngineError) {
        condition.withLock { refused[error.kind, default: 0] += 1 }
    }

    var statistics: EngineStatistics {
        condition.withLock {
            var statistics = published
            statistics.waiting += jobs.count
            statistics.waitingTokens += jobs.reduce(0) { $0 + $1.request.prompt.count }
            statistics.failed.merge(refused) { $0 + $1 }
            return statistics
        }
    }

    /// Takes no more requests; the thread ends when none is left, or at once.
    func close(finishing: Bool) {
        condition.withLock {
            if !finishing { phase = .stopping } else if phase == .open { phase = .draining }
            condition.signal()
        }
    }

    /// Returns when the thread has ended.
    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let hasEnded = condition.withLock {
                if !self.hasEnded { farewells.append(continuation) }
                return self.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    // MARK: - The engine's thread

    /// What arrived, waiting for something when the engine is idle; nil when there is nothing left to do.
    func take(isIdle: Bool) -> Intake? {
        condition.withLock {
            while isIdle, jobs.isEmpty, cancelled.isEmpty, phase == .open { condition.wait() }
            if isIdle, jobs.isEmpty, phase != .open { return nil }
            let intake = Intake(jobs: jobs, cancelled: cancelled, isStopping: phase == .stopping)
            // Until the next `publish`, those taken still count as waiting.
            published.waiting += jobs.count
            published.waitingTokens += jobs.reduce(0) { $0 + $1.request.prompt.count }
            jobs = []
            cancelled = []
            return intake
        }
    }

    func publish(_ statistics: EngineStatistics) { condition.withLock { published = statistics } }

    func end() {
        let waiting = condition.withLock {
            hasEnded = true
            phase = .stopping
            defer { farewells = [] }
            return farewells
        }
        for continuation in waiting { continuation.resume() }
    }
}
