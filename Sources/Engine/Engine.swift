// The door to the thread that owns model state. Knows streams, not steps.

package import Compute
import Foundation
package import Model
package import Tokenization

/// Answers generation requests, many at a time, on a thread of its own.
///
/// An answer does not depend on what else is asked: the same request gives the same bytes alone and in company.
/// Dropping a stream cancels its request within one step. An engine that is released finishes what was submitted.
package final class Engine: Sendable {
    private let inbox: Inbox
    private let check: RequestCheck

    /// - Throws: `ComputeError.outOfMemory` when the key-value cache cannot be reserved.
    package init(
        model: NemotronNanoVL, tokenizer: Tokenizer, backend: any Backend, options: EngineOptions = EngineOptions()
    ) throws(ComputeError) {
        let worker = try Worker(model: model, tokenizer: tokenizer, backend: backend, options: options)
        let inbox = Inbox(options: options, pages: worker.pageCount)
        self.inbox = inbox
        check = RequestCheck(model, context: options.context)
        let thread = Thread { worker.run(inbox) }
        thread.name = "engine"
        thread.stackSize = 8 << 20
        thread.start()
    }

    deinit { inbox.close(finishing: true) }

    /// Queues a request. The stream ends after `.finished`, or throws `EngineError` or `ComputeError`; it throws at once
    /// when the request is at fault, when too many wait, or when the engine is stopping.
    package func submit(_ request: GenerationRequest) -> AsyncThrowingStream<Delta, any Error> {
        let (stream, continuation) = AsyncThrowingStream<Delta, any Error>.makeStream()
        do throws(EngineError) {
            try check.check(request)
            let job = try inbox.add(tokens: request.prompt.count) { number in
                Job(number: number, request: request, limit: check.limit(request), continuation: continuation)
            }
            continuation.onTermination = { [inbox] reason in
                if case .cancelled = reason { inbox.cancel(job) }
            }
        } catch {
            inbox.refuse(error)
            continuation.finish(throwing: error)
        }
        return stream
    }

    /// Why every request would be refused now; nil while a small one would not. Cheap, from any thread.
    package var overload: EngineError? { inbox.overload }

    /// Cheap, from any thread.
    package var statistics: EngineStatistics { inbox.statistics }

    /// Takes no more requests and returns when the last one is answered. Cancelling the wait changes nothing.
    package func drain() async {
        inbox.close(finishing: true)
        await inbox.waitForEnd()
    }

    /// Ends every request with `EngineError.stopped` and returns within one step.
    package func stop() async {
        inbox.close(finishing: false)
        await inbox.waitForEnd()
    }
}
