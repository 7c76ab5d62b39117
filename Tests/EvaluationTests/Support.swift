import BenchmarkData
import Documents
import Evaluation
import Foundation
import Imaging
import Scoring
import Synchronization
import TestSupport

typealias AnswerFile = ResultFile<RunHeader, AnswerOutcome>
typealias AnswerResults = Results<RunHeader, AnswerOutcome>

/// A benchmark without pictures: the answer to item n is n.
struct Counting: Benchmark {
    let settings: ItemSettings
    let count: Int? = nil
    /// How many neighbours share a page.
    private let clusterSize: Int?
    /// How many items the first of two abilities has; nil for none.
    private let abilities: Int?

    init(seed: UInt64 = 0, clusterSize: Int? = nil, abilities: Int? = nil) throws {
        settings = try SyntheticDocuments(seed: seed, split: .test).settings
        self.clusterSize = clusterSize
        self.abilities = abilities
    }

    func item(at index: Int) throws -> BenchmarkItem {
        var groups = ["family": ["odd", "even"][(index + 1) % 2], "level": "\(index % 3)"]
        if let abilities {
            groups["language"] = "English"
            groups["ability"] = index < abilities ? "first" : "second"
        }
        return BenchmarkItem(
            facts: ItemFacts(
                index: index, groups: groups,
                cluster: clusterSize.map { "page \(index / $0)" }),
            prompt: [.text("Which?")], images: [], answers: ["\(index)"])
    }

    func indices(ofItems ids: Set<String>, among count: Int) throws -> [String: Int] { [:] }
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

func header(_ settings: ItemSettings, model: String = "fake", precision: String = "w4a16") -> RunHeader {
    RunHeader(
        items: settings, model: ModelIdentity(name: model, fingerprint: "0"), precision: precision,
        instructionSet: "avx2", maxTokens: 8, rule: "the number")
}

/// Answers to `count` counting items by `rule`, in a file.
@discardableResult
func makeRun(
    _ path: String, count: Int, seed: UInt64 = 0, clusterSize: Int? = nil, abilities: Int? = nil, concurrency: Int = 1,
    retryingFailures: Bool = false, model: any Respondent
) async throws -> AnswerResults {
    let benchmark = try Counting(seed: seed, clusterSize: clusterSize, abilities: abilities)
    let file = try AnswerFile(
        continuing: path, header: header(benchmark.settings), retryingFailures: retryingFailures)
    let run = AnswerRun(
        benchmark, respondent: model, scorer: ExactMatchScorer(), maxTokens: 8, concurrency: concurrency)
    try await run.run(0..<count, into: file) { _ in }
    return file.results
}
