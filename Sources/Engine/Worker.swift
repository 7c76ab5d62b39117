// What the engine's thread does between steps: it carries out the scheduler's decisions. Knows no arithmetic.

import Compute
import Model
import Numerics
import Tokenization

/// Model state, owned by one thread.
final class Worker: @unchecked Sendable {
    // Sendable: after `init` only the engine's thread touches it.
    let model: NemotronNanoVL
    let backend: any Backend
    let pages: KVPages
    var live: [Int: LiveJob] = [:]
    /// Embeddings of images that the scheduler keeps, tile by tile.
    var embeddings: [Digest: [Tensor]] = [:]
    private let tokenizer: Tokenizer
    let options: EngineOptions
    private var scheduler: Scheduler
    private let clockStart = ContinuousClock.now
    private var statistics = EngineStatistics()

    init(
        model: NemotronNanoVL, tokenizer: Tokenizer, backend: any Backend, options: EngineOptions
    ) throws(ComputeError) {
        let tokens = max(options.context, options.cacheTokens ?? 0)
        let count = (tokens + KVPages.pageTokens - 1) / KVPages.pageTokens
        self.model = model
        self.tokenizer = tokenizer
        self.backend = backend
        self.options = options
        pages = try model.makePages(count, dtype: options.keyValueType)
        scheduler = Scheduler(
            SchedulerLimits(
                pages: count, pageTokens: KVPages.pageTokens, stepTokens: options.stepTokens,
                running: options.running, usesPrefixCache: options.usesPrefixCache,
                imageBytes: options.imageCacheBytes,
                imageRowBytes: model.language.shape.hidden * MemoryLayout<Float>.stride))
    }

    var pageCount: Int { pages.pages }

    /// Answers what `inbox` brings, until it is closed.
    func run(_ inbox: Inbox) {
        while let intake = inbox.take(isIdle: scheduler.isIdle) {
            for job in intake.jobs { accept(job) }
            for number in intake.cancelled { cancel(number) }
            if intake.isStopping {
                for number in live.keys { fail(number, .stopped) }
            } else if !scheduler.isIdle {
                step(inbox)
            }
            if scheduler.isIdle { checkBooks() }
            publish(to: inbox)
        }
        inbox.end()
    }

    // MARK: - Requests come and go

    private func accept(_ job: Job) {
        var live = LiveJob(job, tokenizer: tokenizer)
        let request = job.request
        statistics.promptTokens += request.prompt.count
        guard job.limit > request.prompt.count else {
            live.finishEmpty()
            statistics.finished += 1
            return
        }
        self.live[job.number] = live
        tell(
            .submitted(
                Submission(
                    number: job.number, prompt: request.prompt,
                    images: request.images.map {
                        Submission.Image(digest: $0.content.digest, tiles: $0.content.tiles, rows: $0.rows)
                    },
                    salt: request.cacheSalt, limit: job.limit, deadline: request.deadline.map(time),
                    startDeadline: request.startDeadline.map(time), drafts: drafts(request))))
    }

    private func drafts(_ request: GenerationRequest) -> Int {
        guard let speculates = request.speculates else { return options.drafts }
        return speculates ? max(options.drafts, EngineOptions.draftsOnRequest) : 0
    }

    private func cancel(_ number: Int) {
        guard live.removeValue(forKey: number) != nil else { return }
        statistics.cancelled += 1
        tell(.cancelled(number))
    }

    /// Ends a request the scheduler still knows.
    private func fail(_ number: Int, _ error: EngineError) {
        end(number, throwing: error)
        tell(.cancelled(number))
    }

    func end(_ number: Int, throwing error: any Error) {
        guard let live = live.removeValue(forKey: number) else { return }
        statistics.failed[(error as? EngineError)?.kind ?? "backend", default: 0] += 1
        live.job.continuation.finish(throwing: error)
    }

    func finish(_ number: Int) {
        guard var live = live.removeValue(forKey: number) else { return }
        live.finish()
        statistics.finished += 1
    }

    // MARK: - Steps

    private func step(_ inbox: Inbox) {
        let now = ContinuousClock.now
        let decision = tell(.stepWanted(now: time(now)))
        for number in decision.expired {
            guard let live = live[number] else { continue }
            let seconds = (now - live.job.arrival) / .seconds(1)
            end(number, throwing: EngineError.deadlineExceeded(seconds: seconds, hasStarted: live.hasStarted))
        }
        for number in decision.preempted { live[number]?.didPreempt() }
        for number in decision.started { live[number]?.didStart(now) }
        for (number, tokens) in decision.reused { live[number]?.didReuse(tokens) }
        for image in decision.droppedImages { embeddings[image] = nil }
        publish(to: inbox)
        if decision.hasWork {
            tell(.stepDone(run(decision)))
        } else if !scheduler.isIdle, decision.expired.isEmpty {
            startOver("requests wait and none can run")
        }
    }

    @discardableResult
    private func tell(_ event: SchedulerEvent) -> Decision {
        let decision = scheduler.handle(event)
        options.record?(SchedulerRecord(event: event, decision: decision))
        return decision
    }

    private func time(_ instant: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = (instant - clockStart).components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : product &+ attoseconds / 1_000_000_000
    }

    // MARK: - Books

    private func checkBooks() {
        if let problem = scheduler.problems.first {
            startOver(problem)
        } else if !live.isEmpty {
            startOver("\(live.count) requests are under way that no sequence stands for")
        }
    }

    /// Fails whatever is under way and empties the caches. Never happens unless there is a bug here.
    private func startOver(_ problem: String) {
        statistics.inconsistencies += 1
        for number in live.keys { end(number, throwing: EngineError.inconsistent(problem)) }
        embeddings = [:]
        tell(.reset)
    }

    private func publish(to inbox: Inbox) {
        statistics.running = scheduler.runningCount
        statistics.waiting = scheduler.waitingCount
        statistics.waitingTokens = scheduler.waitingTokens
        statistics.pagesTotal = scheduler.pagesTotal
        statistics.pagesUsed = scheduler.pagesTotal - scheduler.pagesFree
        statistics.pagesCached = scheduler.pagesCached
        statistics.imageCacheBytes = scheduler.imageBytes
        statistics.totals = scheduler.counters
        inbox.publish(statistics)
    }
}
