import Documents
import Evaluation
import Foundation
import Imaging
import Synchronization
import TestSupport

typealias Settings = SyntheticDocuments.Settings
typealias Header = RunHeader<Settings>
typealias AnswerFile = ResultFile<Header, AnswerOutcome>

/// A benchmark without pictures: the answer to item n is n.
struct Counting: Benchmark {
    let settings: Settings
    let rule = "the number"

    init(seed: UInt64 = 0) throws {
        settings = try SyntheticDocuments(seed: seed, split: .test).settings
    }

    func item(at index: Int) throws -> BenchmarkItem {
        BenchmarkItem(
            facts: ItemFacts(
                index: index, family: ["odd", "even"][(index + 1) % 2], kind: "count", level: index % 3, tiles: 1,
                font: "none", layout: "none"),
            images: [], question: "Which?", answers: ["\(index)"])
    }

    func isCorrect(_ reply: String, for item: BenchmarkItem) -> Bool { ExactMatch.matches(reply, item.answers) }
}

/// Answers by a rule, and remembers what it was asked.
final class FakeModel: Respondent {
    struct Failure: Error, CustomStringConvertible { let description = "the model fell over" }
    let asked = Mutex<[Int]>([])
    private let rule: @Sendable (Int) throws -> String

    init(_ rule: @escaping @Sendable (Int) throws -> String) { self.rule = rule }

    func reply(to item: BenchmarkItem, maxTokens: Int) async throws -> Reply {
        asked.withLock { $0.append(item.facts.index) }
        return Reply(
            text: try rule(item.facts.index), tokens: 2, finishReason: item.facts.index == 3 ? "length" : "stop")
    }
}

func header(_ settings: Settings, model: String = "fake", precision: String = "w4a16") -> Header {
    Header(
        items: settings, model: ModelIdentity(name: model, fingerprint: "0"), precision: precision,
        instructionSet: "avx2", maxTokens: 8, rule: "the number")
}

/// Answers to `count` counting items by `rule`, in a file.
@discardableResult
func makeRun(
    _ path: String, count: Int, seed: UInt64 = 0, model: FakeModel
) async throws -> [Int: ResultLine<AnswerOutcome>] {
    let benchmark = try Counting(seed: seed)
    let file = try AnswerFile(continuing: path, header: header(benchmark.settings))
    try await AnswerRun(benchmark, respondent: model, maxTokens: 8).run(count, into: file) { _, _ in }
    return file.results.lines
}
