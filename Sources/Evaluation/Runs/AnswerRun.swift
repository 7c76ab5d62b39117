// A run of questions and answers over a benchmark, resumable. Knows no particular benchmark, model or rule.

package import BenchmarkData
import Foundation
import Imaging
import Monocle
package import Scoring

/// How replies of a benchmark are scored.
package protocol ReplyScorer: Sendable {
    /// What counts as correct, for the header of a run file.
    var rule: String { get }

    /// - Parameters:
    ///   - gold: the item's fields that decide; nil where the answers do.
    ///   - answers: every accepted answer.
    func verdict(
        on reply: String, gold: ScoringItem?, answers: [String]
    ) async throws(AnswerOutcome.Failure) -> RunVerdict
}

/// How far a run is.
package struct RunProgress: Sendable {
    package let done: Int
    package let total: Int
    package let errors: Int
}

package struct AnswerRun: Sendable {
    package typealias File = ResultFile<RunHeader, AnswerOutcome>

    private let benchmark: any Benchmark
    private let respondent: any Respondent
    private let scorer: any ReplyScorer
    private let maxTokens: Int
    private let concurrency: Int

    /// - Parameter concurrency: questions that are under way at once; no reply depends on it where the respondent's do not.
    package init(
        _ benchmark: any Benchmark, respondent: any Respondent, scorer: any ReplyScorer, maxTokens: Int,
        concurrency: Int = 1
    ) {
        self.benchmark = benchmark
        self.respondent = respondent
        self.scorer = scorer
        self.maxTokens = maxTokens
        self.concurrency = max(1, concurrency)
    }

    /// Asks about every item of `indices` that the file does not hold yet and adds a line for each as it is done.
    /// - Parameters:
    ///   - rescoring: first scores again the replies of the file that have no verdict, without asking for them again.
    ///   - progress: called before the first item and after each.
    package func run(
        _ indices: some Sequence<Int>, into file: File, rescoring: Bool = false, progress: (RunProgress) -> Void
    ) async throws {
        if rescoring {
            let unscored = file.results.lines.values.filter { $0.outcome.failed && $0.outcome.reply != nil }
            try file.replace(await Rescoring(scorer).lines(unscored))
        }
        let left = indices.filter { !file.isDone($0) }
        var (done, errors) = (0, 0)
        progress(RunProgress(done: 0, total: left.count, errors: 0))
        try await withThrowingTaskGroup(of: ResultLine<AnswerOutcome>.self) { group in
            var waiting = left.makeIterator()
            func start() {
                guard let index = waiting.next() else { return }
                group.addTask { try await line(index) }
            }
            for _ in 0..<concurrency { start() }
            while let line = try await group.next() {
                try file.append(line)
                done += 1
                if line.outcome.failed { errors += 1 }
                progress(RunProgress(done: done, total: left.count, errors: errors))
                try Task.checkCancellation()
                start()
            }
        }
    }

    private func line(_ index: Int) async throws -> ResultLine<AnswerOutcome> {
        let item: BenchmarkItem
        do {
            item = try benchmark.item(at: index)
        } catch let error as ItemFault {
            var outcome = AnswerOutcome(prompt: [], answers: [])
            outcome.error = .init(.data, error.reason)
            return ResultLine(error.facts, outcome)
        }
        let images = item.images.map(AnswerOutcome.Image.init)
        var outcome = AnswerOutcome(
            prompt: item.prompt.map {
                switch $0 {
                case .text(let text): .init(text: text)
                case .image(let place): .init(image: place)
                }
            }, images: images, answers: item.answers, item: item.gold?.text)
        let start = ContinuousClock.now
        do {
            let reply = try await respondent.reply(to: item, maxTokens: maxTokens)
            outcome.add(reply)
        } catch let error as RespondentError {
            (outcome.error, outcome.attempts) = (error.failure, error.attempts)
        } catch let error as CancellationError {
            throw error
        } catch let error as MonocleError where error.isOfImage {
            outcome.error = .init(.data, error.description)
        } catch {
            outcome.error = .init(.model, "\(error)")
        }
        outcome.seconds = (ContinuousClock.now - start) / .seconds(1)
        if outcome.error == nil { await outcome.score(by: scorer) }
        let facts = item.facts
        return ResultLine(
            ItemFacts(
                index: facts.index, id: facts.id, groups: facts.groups, cluster: facts.cluster ?? images.first?.digest),
            outcome)
    }
}

extension AnswerOutcome {
    fileprivate mutating func add(_ reply: Reply) {
        self.reply = reply.text
        promptTokens = reply.promptTokens
        tokens = reply.tokens
        finishReason = reply.finishReason
        attempts = reply.attempts
        for (place, use) in reply.images.enumerated() where images.indices.contains(place) {
            images[place].grid = use.grid
            images[place].frames = use.frames
            images[place].tiles = use.tiles
            images[place].tokens = use.tokens
            images[place].width = use.width
            images[place].height = use.height
        }
    }

    /// Replaces the verdict on the reply, or the error that stands for it. Without a reply nothing changes.
    package mutating func score(by scorer: any ReplyScorer) async {
        guard let reply else { return }
        (verdict, error) = (nil, nil)
        do throws(Failure) {
            let gold = try item.map { (text) throws(Failure) in try Self.gold(text) }
            let found = try await scorer.verdict(on: reply, gold: gold, answers: answers)
            guard found.score.isFinite else {
                throw Failure(.scorer, "the rule '\(found.rule)' gave the score \(found.score), which is no number")
            }
            verdict = found
        } catch {
            self.error = error
        }
    }
}

extension AnswerOutcome {
    fileprivate static func gold(_ text: String) throws(Failure) -> ScoringItem {
        do {
            return try PredictionLine.item(Data(text.utf8))
        } catch {
            throw Failure(.scorer, "\(error)")
        }
    }
}

extension AnswerOutcome.Image {
    /// What is known of an image before a model sees it.
    init(_ image: ItemImage) {
        switch image.source {
        case .pixels(let pixels, let name):
            self.init(
                reference: name, digest: FNV1a.digits(pixels.pixels.span.bytes), width: pixels.width,
                height: pixels.height)
        case .data(let data, let name):
            let header = try? ImageHeader(data.bytes)
            self.init(
                reference: name, bytes: data.count, digest: FNV1a.digits(data.bytes), width: header?.width,
                height: header?.height)
        case .file(let url):
            let file = FNV1a.file(url)
            self.init(reference: url.lastPathComponent, bytes: file?.bytes, digest: file?.digits ?? "")
        }
    }
}
