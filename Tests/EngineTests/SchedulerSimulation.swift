// A scheduler with pretended memory and a pretended model, which notices every wrong page. Knows no tensors.

import Engine
import Testing

/// Carries out decisions on a memory that remembers, for every slot of every page, what was written there. The model is a
/// function of all contents so far, and a row may run only where the pages hold exactly the contents before it.
struct SchedulerSimulation {
    struct Outcome: Equatable {
        var tokens: [Int32] = []
        var end = ""  // finished, cancelled, expired, failed
    }

    private(set) var scheduler: Scheduler
    let limits: SchedulerLimits
    private(set) var outcomes: [Int: Outcome] = [:]
    private(set) var records: [SchedulerRecord] = []
    private(set) var started: [Int] = []
    private(set) var violations: [String] = []
    private var memory: [[Content?]]
    private var contents: [Int: [Content]] = [:]
    private var submissions: [Int: Submission] = [:]
    private var tiles: [Digest: Int] = [:]
    private var now: Int64 = 0

    init(_ limits: SchedulerLimits) {
        self.limits = limits
        scheduler = Scheduler(limits)
        memory = Array(repeating: Array(repeating: nil, count: limits.pageTokens), count: limits.pages)
    }

    static let vocabulary: Int32 = 3

    /// What the pretended model says after `contents`: few tokens, so that texts repeat and guesses are sometimes right.
    static func next(after contents: some Swift.Sequence<Content>) -> Int32 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for content in contents.suffix(5) {
            switch content {
            case .token(let id): hash = (hash ^ UInt64(id)) &* 0x100_0000_01b3
            case .image(let image, let row):
                hash = (hash ^ UInt64(image.bytes[0]) ^ UInt64(row) << 8) &* 0x100_0000_01b3
            }
        }
        return Int32(hash >> 33) % vocabulary
    }

    static func contents(_ submission: Submission) -> [Content] {
        var contents = submission.prompt.map { Content.token($0) }
        for image in submission.images {
            for (index, row) in image.rows.enumerated() { contents[row] = .image(image.digest, row: Int32(index)) }
        }
        return contents
    }

    /// What the request gives when it is alone.
    static func alone(_ submission: Submission) -> [Int32] {
        var contents = contents(submission)
        var tokens: [Int32] = []
        while contents.count < submission.limit {
            tokens.append(next(after: contents))
            contents.append(.token(tokens[tokens.count - 1]))
        }
        return tokens
    }

    // MARK: - Events

    mutating func submit(_ submission: Submission) {
        submissions[submission.number] = submission
        contents[submission.number] = Self.contents(submission)
        outcomes[submission.number] = Outcome()
        tell(.submitted(submission))
    }

    mutating func cancel(_ number: Int) {
        guard outcomes[number]?.end.isEmpty == true else { return }
        outcomes[number]?.end = "cancelled"
        tell(.cancelled(number))
    }

    /// One step; `failing` sequences fail in it.
    mutating func step(failing: Set<Int> = [], isSound: Bool = true) {
        now += 1
        let decision = tell(.stepWanted(now: now))
        for number in decision.expired { outcomes[number]?.end = "expired" }
        started += decision.started
        for image in decision.droppedImages { tiles[image] = nil }
        check(decision)
        guard decision.hasWork else { return }
        var outcome = StepOutcome()
        for tile in decision.tiles { embed(tile, failing, isSound, &outcome) }
        for span in decision.spans { run(span, failing, isSound, &outcome) }
        for (number, result) in outcome.results {
            if case .failed = result { outcomes[number]?.end = "failed" }
            if case .chosen(_, isLast: true) = result { outcomes[number]?.end = "finished" }
        }
        tell(.stepDone(outcome))
    }

    @discardableResult
    private mutating func tell(_ event: SchedulerEvent) -> Decision {
        let decision = scheduler.handle(event)
        records.append(SchedulerRecord(event: event, decision: decision))
        violations += scheduler.problems
        return decision
    }

    // MARK: - Carrying out

    private mutating func embed(
        _ tile: Decision.Tile, _ failing: Set<Int>, _ isSound: Bool, _ outcome: inout StepOutcome
    ) {
        guard let image = submissions[tile.sequence]?.images[tile.image] else { return }
        if failing.contains(tile.sequence) {
            outcome.results[tile.sequence] = .failed(isSound: isSound)
            return
        }
        guard tiles[image.digest, default: 0] == tile.tile else { return }
        tiles[image.digest, default: 0] += 1
        outcome.embedded.append(image.digest)
    }

    private mutating func run(
        _ span: Decision.Span, _ failing: Set<Int>, _ isSound: Bool, _ outcome: inout StepOutcome
    ) {
        guard let known = contents[span.sequence], outcomes[span.sequence]?.end.isEmpty == true else { return }
        let size = limits.pageTokens
        for position in 0..<span.start
        where memory[Int(span.pages[position / size])][position % size] != known[position] {
            violations.append("sequence \(span.sequence): position \(position) is not in its pages")
        }
        var rows = Array(known[span.start..<span.start + span.count])
        if span.isAtEnd != (span.start + span.count == known.count) { violations.append("wrong end of \(span)") }
        rows += span.drafts.map { .token($0) }
        for (index, row) in rows.enumerated() {
            let position = span.start + index
            if case .image(let image, _) = row,
                let wanted = submissions[span.sequence]?.images.first(where: { $0.digest == image }),
                tiles[image] != wanted.tiles
            {
                violations.append("sequence \(span.sequence): a row of an image that is not embedded")
            }
            memory[Int(span.pages[position / size])][position % size] = row
        }
        if failing.contains(span.sequence) {
            outcome.results[span.sequence] = .failed(isSound: isSound)
            return
        }
        outcome.results[span.sequence] = span.isAtEnd ? choose(span) : .written
    }

    private mutating func choose(_ span: Decision.Span) -> StepOutcome.Result {
        var chosen: [Int32] = []
        let limit = submissions[span.sequence]?.limit ?? 0
        for guess in 0...span.drafts.count {
            let token = Self.next(after: contents[span.sequence] ?? [])
            chosen.append(token)
            contents[span.sequence]?.append(.token(token))
            outcomes[span.sequence]?.tokens.append(token)
            if (contents[span.sequence]?.count ?? 0) >= limit { return .chosen(chosen, isLast: true) }
            if guess == span.drafts.count || token != span.drafts[guess] { break }
        }
        return .chosen(chosen, isLast: false)
    }

    /// What every step must keep to.
    private mutating func check(_ decision: Decision) {
        let rows = decision.spans.reduce(0) { $0 + $1.rows }
        let cost = decision.tiles.reduce(0) { sum, tile in
            sum + (submissions[tile.sequence]?.images[tile.image].rowsPerTile ?? 0)
        }
        if rows + cost > limits.stepTokens, decision.tiles.count != 1 || rows >= limits.stepTokens {
            violations.append("a step of \(rows) rows and \(cost) rows of tiles")
        }
        let writers = decision.spans.flatMap { span in
            span.pages[(span.start / limits.pageTokens)...].map { ($0, span.sequence) }
        }
        if Set(writers.map(\.0)).count != writers.count { violations.append("two sequences write to one page") }
        if Set(decision.spans.map(\.sequence)).count != decision.spans.count { violations.append("a sequence twice") }
    }
}
