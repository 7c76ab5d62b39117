import Documents
import Evaluation
import Foundation
import TestSupport
import Testing

struct AnswerRunTests {
    private let right = FakeModel { "\($0) " }

    private func withoutTime(_ line: ResultLine<AnswerOutcome>?) -> [String?] {
        [line?.outcome.reply, line?.outcome.error, line?.outcome.correct.map { "\($0)" }, line?.item.family]
    }

    @Test func repliesAreScoredAndSummedUp() async throws {
        let place = try TemporaryFolder()
        let model = FakeModel { index in
            if index == 5 { throw FakeModel.Failure() }
            return index % 2 == 0 ? "\(index)\n" : "wrong"
        }
        let lines = try await makeRun(place.url.appending(path: "run.jsonl").path, count: 10, model: model)
        #expect(lines[4]?.outcome.correct == true && lines[7]?.outcome.correct == false)
        // An error is neither right nor wrong, and its text is no reply.
        #expect(lines[5]?.outcome.correct == nil && lines[5]?.outcome.reply == nil)
        #expect(lines[5]?.outcome.error == "the model fell over")
        let summary = AnswerSummary(lines, count: 10)
        #expect(summary.exact.successes == 5 && summary.exact.count == 9)
        #expect(summary.families.map(\.name) == ["even", "odd"])
        #expect(summary.families.map(\.exact.count) == [5, 4])
        #expect(summary.levels.map(\.exact.count) == [4, 3, 2])
        #expect(summary.errors == 1 && summary.firstError == "item 5: the model fell over")
        #expect(summary.cutReplies == 1)
        #expect(AnswerSummary(lines, count: 4).exact.count == 4)
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
        let whole = try await makeRun(path, count: 4, model: right)
        let bytes = try Data(contentsOf: URL(filePath: path))
        let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
        #expect(ends.count == 5)
        for length in Array(stride(from: ends[2], through: ends[4], by: 7)) + [ends[3] - 1, ends[3], ends[3] + 1] {
            try bytes.prefix(length).write(to: URL(filePath: path))
            let model = FakeModel { "\($0)" }
            let lines = try await makeRun(path, count: 4, model: model)
            let kept = ends.dropFirst().count { $0 <= length }
            #expect(model.asked.withLock { $0 } == Array(kept..<4), "cut at \(length)")
            #expect(
                lines.count == 4
                    && lines.keys.allSatisfy { withoutTime(lines[$0])[1...] == withoutTime(whole[$0])[1...] })
            let read = try Results<Header, AnswerOutcome>(reading: path)
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
        #expect(documents.settings.families == Family.standard.map(\.rawValue))
        for index in [0, 1, 7, 8, 15, 16] {
            let item = try documents.item(at: index)
            #expect(item.facts.family == Family.standard[index % 8].rawValue)
            #expect(item.facts.level == index / 8 % 2)
            #expect(item.facts.index == index && !item.answers.isEmpty && !item.images.isEmpty)
            #expect(try documents.item(at: index).images == item.images)
        }
        let video = try SyntheticDocuments(seed: 1, split: .test, levels: 2...2, family: .video)
        #expect(try video.item(at: 3).facts.family == "video")
        #expect(try video.item(at: 3).images.count >= 2)
    }
}
