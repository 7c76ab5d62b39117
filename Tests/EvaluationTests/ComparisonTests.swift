import Evaluation
import Foundation
import TestSupport
import Testing

struct ComparisonTests {
    private let place: TemporaryFolder
    private let bootstrap = PairedBootstrap(resamples: 500)

    init() throws { place = try TemporaryFolder() }

    private func run(
        _ name: String, count: Int = 60, seed: UInt64 = 0, _ isRight: @escaping @Sendable (Int) throws -> Bool
    ) async throws -> ScoredItems {
        let path = place.url.appending(path: name).path
        try await makeRun(path, count: count, seed: seed, model: FakeModel { try isRight($0) ? "\($0)" : "no" })
        return try ScoredItems(reading: path)
    }

    @Test func countsOnlyWhatBothHaveScored() async throws {
        let first = try await run("a.jsonl") { index in
            if index == 7 { throw FakeModel.Failure() }
            return index % 2 == 0
        }
        let second = try await run("b.jsonl", count: 50) { $0 % 3 == 0 }
        let found = try Comparison(first, second, bootstrap: bootstrap)
        #expect(found.items == 49)
        #expect(found.first.errors == 1 && found.first.leftOut == 10)
        #expect(found.second.errors == 0 && found.second.leftOut == 1)
        let counts = found.overall.counts
        let cells: [Int] = [counts.both, counts.onlyFirst, counts.onlySecond, counts.neither]
        #expect(cells == [9, 16, 8, 16])
        #expect(found.families.map(\.name) == ["even", "odd"])
        #expect(found.families.map(\.counts.count) == [25, 24])
        #expect(found.overall.divergence == nil && found.exactClosure == nil)
        #expect(abs(found.overall.exact.difference - (17.0 - 25) / 49) < 1e-12)
    }

    @Test func closesAGapOnlyWhereThereIsOne() async throws {
        let low = try await run("low.jsonl") { $0 % 10 < 3 }
        let middle = try await run("middle.jsonl") { $0 % 10 < 6 }
        let high = try await run("high.jsonl") { $0 % 10 < 9 }
        let closed = try Comparison(low, middle, baseline: high, bootstrap: bootstrap)
        #expect(abs((closed.exactClosure?.closure ?? 0) - 0.5) < 1e-12)
        let none = try Comparison(low, middle, baseline: low, bootstrap: bootstrap)
        #expect(none.exactClosure != nil && none.exactClosure?.closure == nil)
        #expect(none.divergenceClosure == nil)
    }

    @Test func refusesOtherItems() async throws {
        let first = try await run("a.jsonl") { _ in true }
        let second = try await run("b.jsonl", seed: 1) { _ in true }
        #expect(throws: EvaluationError.notComparable(field: "items.seed", first: "0", second: "1")) {
            try Comparison(first, second, bootstrap: bootstrap)
        }
        let empty = try await run("c.jsonl") { _ in throw FakeModel.Failure() }
        #expect(throws: EvaluationError.self) { try Comparison(first, empty, bootstrap: bootstrap) }
    }
}
