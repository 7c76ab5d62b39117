// The door to the thread that owns model state. Knows queues and streams, not tokens.

package import Compute
import Foundation
package import Model
import Synchronization
package import Tokenization

/// Runs generation requests one after another on a thread of its own.
///
/// Dropping a stream cancels its request within one step (a tile, a prefill chunk or a token).
package final class Engine: Sendable {
    private let inbox = Inbox()

    /// - Throws: `ComputeError.outOfMemory` when the key-value cache cannot be reserved.
    package init(
        model: NemotronNanoVL, tokenizer: Tokenizer, backend: any Backend, options: EngineOptions = EngineOptions()
    ) throws(ComputeError) {
        let worker = try Worker(model: model, tokenizer: tokenizer, backend: backend, options: options)
        let thread = Thread { [inbox] in
            while let job = inbox.next() { worker.run(job) }
        }
        thread.name = "engine"
        thread.stackSize = 8 << 20
        thread.start()
    }

    deinit { inbox.close() }

    /// Queues a request. The stream ends after `.finished`, or throws `EngineError` or `ComputeError`.
    package func submit(_ request: GenerationRequest) -> AsyncThrowingStream<Delta, any Error> {
        let (stream, continuation) = AsyncThrowingStream<Delta, any Error>.makeStream()
        let job = Job(request: request, continuation: continuation)
        continuation.onTermination = { _ in job.cancel() }
        if !inbox.add(job) { continuation.finish(throwing: EngineError.stopped) }
        return stream
    }
}

/// A request under way and where its answer goes.
final class Job: Sendable {
    let request: GenerationRequest
    let continuation: AsyncThrowingStream<Delta, any Error>.Continuation
    private let cancelled = Atomic(false)

    init(request: GenerationRequest, continuation: AsyncThrowingStream<Delta, any Error>.Continuation) {
        self.request = request
        self.continuation = continuation
    }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }
    func cancel() { cancelled.store(true, ordering: .releasing) }
}

/// Jobs waiting for the engine's thread.
private final class Inbox: @unchecked Sendable {
    // Sendable: `jobs` and `isClosed` are touched only while `condition` is locked.
    private let condition = NSCondition()
    private var jobs: [Job] = []
    private var isClosed = false

    func add(_ job: Job) -> Bool {
        condition.withLock {
            guard !isClosed else { return false }
            jobs.append(job)
            condition.signal()
            return true
        }
    }

    /// The oldest job, waiting for one if there is none; nil once closed.
    func next() -> Job? {
        condition.withLock {
            while jobs.isEmpty && !isClosed { condition.wait() }
            return isClosed ? nil : jobs.removeFirst()
        }
    }

    func close() {
        let orphans = condition.withLock {
            isClosed = true
            condition.signal()
            defer { jobs = [] }
            return jobs
        }
        for job in orphans { job.continuation.finish(throwing: EngineError.stopped) }
    }
}
