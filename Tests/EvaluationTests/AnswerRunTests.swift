import BenchmarkData
import Documents
import Evaluation
import Foundation
import Imaging
import Scoring
import Synchronization
import TestSupport
import Testing

struct AnswerRunTests {
    private let right = FakeModel { "\($0) " }

    private func withoutTime(_ line: ResultLine<AnswerOutcome>?) -> [String?] {
        [
            line?.outcome.reply, line?.outcome.error?.message, line?.outcome.verdict.map { "\($0)" },
            line?.item.groups["family"],
        ]
    }

    @Test func repliesAreScoredAndSummedUp() async throws {
        let place = try TemporaryFolder()
        let model = FakeModel { index in
            if index == 5 { throw FakeModel.Failure() }
            return index % 2 == 0 ? "\(index)\n" : "wrong"
        }
        let results = try await makeRun(place.url.appending(path: "run.jsonl").path, count: 10, model: model)
        let lines = results.lines
        #expect(lines[4]?.outcome.verdict?.score == 1 && lines[7]?.outcome.verdict?.score == 0)
        // An error is neither right nor wrong, and its text is no reply.
        #expect(lines[5]?.outcome.verdict == nil && lines[5]?.outcome.reply == nil)
        #expect(lines[5]?.outcome.error == .init(.model, "the model fell over"))
        let summary = AnswerSummary(results, of: 0..<10)
        #expect(summary.score.mean == 5.0 / 9 && summary.score.count == 9)
        #expect(summary.score.interval == Share(5, of: 9).interval)
        #expect(summary.groups["family"]?.map(\.name) == ["even", "odd"])
        #expect(summary.groups["family"]?.map(\.score.count) == [5, 4])
        #expect(summary.groups["level"]?.map(\.score.count) == [4, 3, 2])
        #expect(summary.errors == ["model": 1] && summary.firstError == "item 5: the model fell over")
        #expect(summary.cutReplies == 1)
        #expect(AnswerSummary(results, of: 0..<4).score.count == 4)
    }

    @Test func aFinishedRunAsksNothing() async throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "run.jsonl").path
        try await makeRun(path, count: 5, model: right)
        let bytes = try Data(contentsOf: URL(filePath: path))
        let again = FakeModel { "\($0)" }
        try await makeRun(path, count: 5, model: again)
        #expect(again.asked.withLock { $0 }.isEmpty)
        #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
        try await makeRun(path, count: 7, model: again)
        #expect(again.asked.withLock { $0 } == [5, 6])
    }

    /// A process that dies leaves a line cut at any byte.
    @Test func aKilledRunGoesOnWithoutRepeatingOrLosing() async throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "run.jsonl").path
        let whole = try await makeRun(path, count: 4, model: right).lines
        let bytes = try Data(contentsOf: URL(filePath: path))
        let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
        #expect(ends.count == 5)
        for length in Array(stride(from: ends[2], through: ends[4], by: 7)) + [ends[3] - 1, ends[3], ends[3] + 1] {
            try bytes.prefix(length).write(to: URL(filePath: path))
            let model = FakeModel { "\($0)" }
            let lines = try await makeRun(path, count: 4, model: model).lines
            let kept = ends.dropFirst().count { $0 <= length }
            #expect(model.asked.withLock { $0 } == Array(kept..<4), "cut at \(length)")
            #expect(
                lines.count == 4
                    && lines.keys.allSatisfy { withoutTime(lines[$0])[1...] == withoutTime(whole[$0])[1...] })
            let read = try AnswerResults(reading: path)
            #expect(read.lines.count == 4 && !read.isCut)
        }
    }

    @Test func anotherRunsFileIsNotContinued() async throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "run.jsonl").path
        try await makeRun(path, count: 2, model: right)
        let before = try Data(contentsOf: URL(filePath: path))
        do {
            try await makeRun(path, count: 2, seed: 9, model: right)
            Issue.record("a run of another seed went on")
        } catch let error as EvaluationError {
            #expect(error == .otherSettings(path: path, field: "items.seed", found: "0", expected: "9"))
        }
        let settings = try Counting().settings
        #expect(throws: EvaluationError.self) {
            try AnswerFile(continuing: path, header: header(settings, precision: "w4a4"))
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }

    @Test func aFileIsWrittenByOneProcessAtATime() throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "run.jsonl").path
        let head = header(try Counting().settings)
        let file = try AnswerFile(continuing: path, header: head)
        #expect(throws: EvaluationError.unwritable(path: path, reason: "another process is writing it")) {
            try AnswerFile(continuing: path, header: head)
        }
        #expect(file.results.lines.isEmpty)
        #expect(throws: EvaluationError.unwritable(path: path, reason: "another process is writing it")) {
            try file.results.write(to: path)
        }
        let cache = place.url.appending(path: "judge.jsonl").path
        let judged = try JudgeCache(cache)
        #expect(throws: EvaluationError.unwritable(path: cache, reason: "another process is writing it")) {
            try JudgeCache(cache)
        }
        withExtendedLifetime((file, judged)) {}
    }

    @Test func aHeaderThatWasCutIsWrittenAgain() async throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "run.jsonl").path
        let whole = try await makeRun(path, count: 2, model: right)
        let line = try #require(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").first)
        for length in [0, 1, line.utf8.count] {
            try Data(line.utf8.prefix(length)).write(to: URL(filePath: path))
            #expect(try await makeRun(path, count: 2, model: right).lines.keys == whole.lines.keys)
        }
    }

    @Test func brokenFilesNameTheLine() async throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "run.jsonl").path
        try await makeRun(path, count: 3, model: right)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
        let cases: [(text: String, line: Int)] = [
            ("", 1), ("not JSON\n", 1), ("{\"kind\":\"other\"}\n", 1), ("no end of line", 1),
            ("\n" + lines.joined(separator: "\n") + "\n", 1),
            ([lines[0], lines[1], "{\"index\":", lines[3]].joined(separator: "\n") + "\n", 3),
            ([lines[0], "", lines[2]].joined(separator: "\n") + "\n", 2),
            ([lines[0], lines[1], lines[2], lines[1]].joined(separator: "\n") + "\n", 4),
            ([lines[0], lines[1].replacing("\"index\":0", with: "\"index\":-1")].joined(separator: "\n") + "\n", 2),
        ]
        for (text, number) in cases {
            try Data(text.utf8).write(to: URL(filePath: path))
            do {
                _ = try ScoredItems(reading: path)
                Issue.record("read \(text.prefix(40))")
            } catch {
                guard case .line(path, number, _, _) = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
        #expect(throws: EvaluationError.self) { try ScoredItems(reading: place.url.appending(path: "none").path) }
    }

    @Test func documentsAreSpreadEvenlyAndAlwaysTheSame() throws {
        let documents = try SyntheticDocuments(seed: 1, split: .test, levels: 0...1)
        guard case .documents(let settings) = documents.settings else {
            Issue.record("documents are drawn")
            return
        }
        #expect(settings.families == Family.standard.map(\.rawValue))
        for index in [0, 1, 7, 8, 15, 16] {
            let item = try documents.item(at: index)
            #expect(item.facts.groups["family"] == Family.standard[index % 8].rawValue)
            #expect(item.facts.groups["level"] == "\(index / 8 % 2)")
            #expect(item.facts.index == index && !item.answers.isEmpty && !item.images.isEmpty)
            #expect(try Self.pixels(documents.item(at: index)) == Self.pixels(item))
        }
        let video = try SyntheticDocuments(seed: 1, split: .test, levels: 2...2, family: .video)
        #expect(try video.item(at: 3).facts.groups["family"] == "video")
        #expect(try video.item(at: 3).images.count >= 2)
    }

    private static func pixels(_ item: BenchmarkItem) -> [PixelImage] {
        item.images.compactMap { if case .pixels(let pixels, _) = $0.source { pixels } else { nil } }
    }

    private struct NoNumber: ReplyScorer {
        let rule = "none"

        func verdict(
            on reply: String, gold: ScoringItem?, answers: [String]
        ) async throws(AnswerOutcome.Failure) -> RunVerdict { RunVerdict(score: .nan, rule: rule) }
    }

    @Test func aScoreThatIsNoNumberIsAnError() async throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "run.jsonl").path
        let benchmark = try Counting()
        let file = try AnswerFile(continuing: path, header: header(benchmark.settings))
        try await AnswerRun(benchmark, respondent: right, scorer: NoNumber(), maxTokens: 8).run(0..<2, into: file) {
            _ in
        }
        #expect(try AnswerResults(reading: path).lines.values.map(\.outcome.error?.kind) == [.scorer, .scorer])
    }

    @Test func manyAtOnceAreEachAskedOnce() async throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "run.jsonl").path
        let model = FakeModel { "\($0)" }
        let results = try await makeRun(path, count: 50, concurrency: 7, model: model)
        #expect(model.asked.withLock { $0.sorted() } == Array(0..<50))
        #expect(results.lines.count == 50 && results.lines.values.allSatisfy { $0.outcome.verdict?.score == 1 })
        #expect(try AnswerResults(reading: path).lines.count == 50)
    }

    @Test func errorsAreAskedAgainOnlyWhenAskedFor() async throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "run.jsonl").path
        let failing = FakeModel { index in
            if index % 3 == 0 { throw FakeModel.Failure() }
            return "\(index)"
        }
        try await makeRun(path, count: 9, model: failing)
        let again = FakeModel { "\($0)" }
        try await makeRun(path, count: 9, model: again)
        #expect(again.asked.withLock { $0 }.isEmpty)
        let results = try await makeRun(path, count: 9, retryingFailures: true, model: again)
        #expect(again.asked.withLock { $0 } == [0, 3, 6])
        #expect(results.lines.count == 9 && results.lines.values.allSatisfy { !$0.outcome.failed })
        #expect(try AnswerResults(reading: path).lines.count == 9)
    }

    /// Fails for some replies as long as it is told to.
    private final class FailingScorer: ReplyScorer {
        let rule = "the number"
        let asked = Mutex<[String]>([])
        private let failing: Set<String>

        init(failing: Set<String> = []) { self.failing = failing }

        func verdict(
            on reply: String, gold: ScoringItem?, answers: [String]
        ) async throws(AnswerOutcome.Failure) -> RunVerdict {
            asked.withLock { $0.append(reply) }
            if failing.contains(reply) { throw AnswerOutcome.Failure(.judge, "status 500", status: 500) }
            return RunVerdict(score: answers.contains(reply) ? 1 : 0, rule: rule)
        }
    }

    /// A judge that failed says nothing of the reply: it is kept, and only the judge is asked again.
    @Test func aReplyWithoutAVerdictIsScoredAgainAndNotAskedForAgain() async throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "run.jsonl").path
        let benchmark = try Counting()
        func run(_ model: FakeModel, _ scorer: FailingScorer, retry: Bool) async throws {
            let file = try AnswerFile(continuing: path, header: header(benchmark.settings), retryingFailures: retry)
            try await AnswerRun(benchmark, respondent: model, scorer: scorer, maxTokens: 8, concurrency: 3)
                .run(0..<8, into: file, rescoring: retry) { _ in }
        }
        let first = FakeModel { index in
            if index == 5 { throw FakeModel.Failure() }
            return "\(index)"
        }
        try await run(first, FailingScorer(failing: ["2", "6"]), retry: false)
        #expect(try AnswerResults(reading: path).lines.values.count(where: \.outcome.failed) == 3)

        let (model, scorer) = (FakeModel { "\($0)" }, FailingScorer(failing: ["6"]))
        try await run(model, scorer, retry: true)
        #expect(model.asked.withLock { $0 } == [5], "only what has no reply")
        #expect(scorer.asked.withLock { $0.sorted() } == ["2", "5", "6"])
        let lines = try AnswerResults(reading: path).lines
        #expect(lines.count == 8 && lines[2]?.outcome.verdict?.score == 1 && lines[2]?.outcome.reply == "2")
        #expect(lines[6]?.outcome.error?.kind == .judge && lines[6]?.outcome.reply == "6", "still without, still kept")
        #expect(lines[5]?.outcome.verdict?.score == 1)
    }

    /// Files that were written before items had names and verdicts.
    @Test func filesOfTheFirstVersionAreRead() throws {
        let place = try TemporaryFolder()
        let path = place.url.appending(path: "old.jsonl").path
        let header =
            #"{"decoding":"greedy","instruction_set":"avx2","items":{"assignment":"a","benchmark":"synthetic","families":["form"],"levels":[0],"looks":"test","seed":0,"split":"test","tile_size":128},"kind":"answers","max_tokens":8,"model":{"fingerprint":"0","name":"m"},"precision":"w4a16","rule":"r","version":1}"#
        let facts = #""family":"form","font":"f","kind":"k","layout":"l","level":0,"tiles":2,"seconds":0.5"#
        let lines = [
            #"{"answers":["x"],"correct":true,"finish_reason":"stop","index":0,"question":"q","reply":"x","tokens":2,\#(facts)}"#,
            #"{"answers":["x"],"error":"too long","index":1,"question":"q",\#(facts)}"#,
        ]
        try Data(([header] + lines).map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: path))
        let results = try AnswerResults(reading: path)
        #expect(results.lines[0]?.outcome.verdict?.score == 1 && results.lines[0]?.item.groups["tiles"] == "2")
        #expect(results.lines[0]?.outcome.promptText == "q")
        #expect(results.lines[1]?.outcome.error == .init(.model, "too long"))
        let scored = try ScoredItems(reading: path)
        #expect(scored.items.count == 1 && scored.errors == 1)
    }

    @Test func aRowThatCannotBeReadIsAnErrorOfItsItem() async throws {
        let place = try TemporaryFolder()
        let data = place.url.appending(path: "data.jsonl")
        try Data("{\"question\": \"q\", \"answers\": [\"a\"], \"image\": \"none.png\"}\n[]\n".utf8).write(to: data)
        let benchmark = try TableBenchmark(.docvqa, profile: .vlmevalkit, table: DataSource.table(data))
        let path = place.url.appending(path: "run.jsonl").path
        let file = try AnswerFile(continuing: path, header: header(benchmark.settings))
        let model = FakeModel { _ in "a" }
        try await AnswerRun(
            benchmark, respondent: model, scorer: BenchmarkScorer(Scorer(.docvqa, profile: .vlmevalkit)), maxTokens: 8
        ).run(0..<2, into: file) { _ in }
        #expect(model.asked.withLock { $0 }.isEmpty)
        #expect(file.results.lines.values.allSatisfy { $0.outcome.error?.kind == .data && $0.outcome.verdict == nil })
        #expect(file.results.lines[0]?.outcome.error?.message.hasPrefix("row 1: none.png is not in") == true)
        #expect(AnswerSummary(file.results, of: 0..<2).score.count == 0)
    }
}
