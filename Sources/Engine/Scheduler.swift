// Who runs in the next step, on which pages. A value: events in, decisions out; no clock, no randomness, no tensors.

/// Waiting and running sequences, the pages they hold, and the two caches.
///
/// Sequences are admitted in order of arrival, when there are pages for all their contents. A step holds one row of every
/// sequence that is answering, then guesses to verify, then chunks of prompts and tiles of images in order of arrival,
/// up to a number of rows. When pages run out, the newest running sequence gives up its own and waits again; what it
/// had is computed anew later. The same events give the same decisions.
package struct Scheduler: Sendable {
    let limits: SchedulerLimits
    var sequences: [Int: Sequence] = [:]
    /// In order of arrival.
    var waiting: [Int] = []
    var running: [Int] = []
    package var pool: BlockPool
    var prefixes = PrefixCache()
    var images: ImageCache
    var inFlight = Decision()
    package internal(set) var counters = SchedulerCounters()

    package init(_ limits: SchedulerLimits) {
        self.limits = limits
        pool = BlockPool(pages: limits.pages)
        images = ImageCache(limit: limits.imageBytes)
    }

    package var isIdle: Bool { sequences.isEmpty }
    package var waitingCount: Int { waiting.count }
    package var runningCount: Int { running.count }
    package var waitingTokens: Int { waiting.reduce(0) { $0 + (sequences[$1]?.count ?? 0) } }
    package var pagesTotal: Int { pool.count }
    package var pagesFree: Int { pool.freeCount }
    package var pagesCached: Int { prefixes.count }
    package var imageBytes: Int { images.bytes }

    package mutating func handle(_ event: SchedulerEvent) -> Decision {
        switch event {
        case .submitted(let submission):
            guard sequences[submission.number] == nil, !submission.prompt.isEmpty,
                submission.limit <= limits.pages * limits.pageTokens
            else { return Decision() }
            sequences[submission.number] = Sequence(submission)
            insert(submission.number, into: \.waiting)
        case .cancelled(let number):
            retire(number)
        case .stepWanted(let now):
            guard !inFlight.hasWork else { return Decision() }
            return plan(now: now)
        case .stepDone(let outcome):
            let step = inFlight
            inFlight = Decision()
            finish(step, outcome)
        case .reset:
            let counters = counters
            self = Scheduler(limits)
            self.counters = counters
        }
        return Decision()
    }

    // MARK: - After a step

    private mutating func finish(_ step: Decision, _ outcome: StepOutcome) {
        counters.steps += 1
        for image in outcome.embedded {
            images.didEmbedTile(of: image)
            counters.tiles += 1
        }
        for span in step.spans {
            guard let result = outcome.results[span.sequence], sequences[span.sequence] != nil else { continue }
            switch result {
            case .failed:
                counters.computedTokens += span.rows
            case .written:
                counters.computedTokens += span.rows
                sequences[span.sequence]?.written = span.start + span.count
                remember(span.sequence)
            case .chosen(let tokens, let isLast):
                counters.computedTokens += span.rows
                counters.generated += tokens.count
                let accepted = min(max(0, tokens.count - 1), span.drafts.count)
                counters.drafted += span.drafts.count
                counters.accepted += accepted
                sequences[span.sequence]?.written = span.start + span.count + accepted
                sequences[span.sequence]?.append(tokens)
                sequences[span.sequence]?.learn(drafted: span.drafts.count, accepted: accepted)
                remember(span.sequence)
                if isLast { retire(span.sequence) }
            }
        }
        for (number, result) in outcome.results {
            if case .failed(let isSound) = result { retire(number, isSound: isSound) }
        }
        for number in running where sequences[number]?.neededImages.isEmpty == true { releaseImages(number) }
    }

    /// Removes a sequence and gives back what it held.
    /// - Parameter isSound: whether its pages may serve others.
    private mutating func retire(_ number: Int, isSound: Bool = true) {
        guard sequences[number] != nil else { return }
        if !isSound {
            // Whoever shares these pages goes on with them; nobody finds them any more.
            for page in sequences[number]?.pages ?? [] { prefixes.forget(page) }
        }
        releasePages(number)
        releaseImages(number)
        sequences[number] = nil
        waiting.removeAll { $0 == number }
        running.removeAll { $0 == number }
    }

    // MARK: - Moving between the lists

    mutating func expire(_ number: Int) { retire(number) }

    /// Sends a running sequence back to wait in its place of arrival.
    mutating func preempt(_ number: Int) {
        releasePages(number)
        releaseImages(number)
        running.removeAll { $0 == number }
        insert(number, into: \.waiting)
        sequences[number]?.wasPreempted = true
        counters.preemptions += 1
    }

    mutating func insert(_ number: Int, into list: WritableKeyPath<Scheduler, [Int]>) {
        let place = self[keyPath: list].firstIndex { $0 > number } ?? self[keyPath: list].count
        self[keyPath: list].insert(number, at: place)
    }

    private mutating func releaseImages(_ number: Int) {
        for image in sequences[number]?.heldImages ?? [] { images.release(image) }
        sequences[number]?.heldImages = []
    }
}

/// What a scheduler has done so far.
package struct SchedulerCounters: Codable, Sendable, Equatable {
    package var steps = 0
    package var tiles = 0
    /// Rows run through the decoder.
    package var computedTokens = 0
    package var generated = 0
    package var preemptions = 0
    package var drafted = 0
    package var accepted = 0
    /// Prompt tokens looked for in the prefix cache, and found.
    package var prefixQueries = 0
    package var prefixHits = 0
    package var imageQueries = 0
    package var imageHits = 0
    package var expired = 0

    package init() {}
}
