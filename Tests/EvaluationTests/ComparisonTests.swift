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
        let counts = try #require(found.overall.counts)
        let cells: [Int] = [counts.both, counts.onlyFirst, counts.onlySecond, counts.neither]
        #expect(cells == [9, 16, 8, 16])
        #expect(found.groups.map(\.name) == ["even", "odd"])
        #expect(found.groups.map(\.items) == [25, 24])
        #expect(found.overall.divergence == nil && found.scoreClosure == nil)
        #expect(abs(found.overall.score.difference - (17.0 - 25) / 49) < 1e-12)
        #expect(found.overall.test == .mcnemar && found.overall.p == counts.twoSidedP)
        #expect(found.lost.count == counts.onlyFirst && found.gained.count == counts.onlySecond)
        #expect(found.lost.map(\.id).prefix(2) == ["2", "4"] && found.gained.first?.id == "3")
        #expect(found.sameReplies == counts.neither + counts.both)
    }

    @Test func closesAGapOnlyWhereThereIsOne() async throws {
        let low = try await run("low.jsonl") { $0 % 10 < 3 }
        let middle = try await run("middle.jsonl") { $0 % 10 < 6 }
        let high = try await run("high.jsonl") { $0 % 10 < 9 }
        let closed = try Comparison(low, middle, baseline: high, bootstrap: bootstrap)
        #expect(abs((closed.scoreClosure?.closure ?? 0) - 0.5) < 1e-12)
        let none = try Comparison(low, middle, baseline: low, bootstrap: bootstrap)
        #expect(none.scoreClosure != nil && none.scoreClosure?.closure == nil)
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

    @Test func questionsAboutOnePageAreNotIndependent() async throws {
        func side(_ name: String, _ isRight: @escaping @Sendable (Int) -> Bool) async throws -> ScoredItems {
            let path = place.url.appending(path: name).path
            try await makeRun(path, count: 60, clusterSize: 6, model: FakeModel { isRight($0) ? "\($0)" : "no" })
            return try ScoredItems(reading: path)
        }
        // Whole pages flip: ten observations, not sixty.
        let first = try await side("a.jsonl") { _ in false }
        let second = try await side("b.jsonl") { $0 / 6 % 3 == 0 }
        let found = try Comparison(first, second, bootstrap: bootstrap)
        #expect(found.clusters == 10 && found.overall.test == .permutation)
        #expect(abs(found.overall.p - 2.0 / 16) < 1e-12, "four pages, all to one side")
        #expect(found.overall.counts?.twoSidedP ?? 1 < 1e-6, "as if each question stood alone")
        let interval = try #require(found.overall.score.interval)
        #expect(interval.upper - interval.lower > 0.4)
    }

    @Test func marginsHaveThreeVerdicts() {
        func verdict(_ lower: Double, _ upper: Double, clusters: Int = 10) -> NonInferiority.Verdict {
            NonInferiority(Interval(lower, upper), margin: 0.01, clusters: clusters, isFlipped: true).verdict
        }
        #expect(verdict(-0.005, 0.02) == .pass)
        #expect(verdict(-0.05, -0.02) == .fail)
        #expect(verdict(-0.05, 0.02) == .inconclusive)
        #expect(verdict(-0.01, 0.02) == .inconclusive)
        #expect(
            verdict(-0.005, 0.02, clusters: 9) == .inconclusive && verdict(-0.05, -0.02, clusters: 9) == .inconclusive)
        // Where nothing differs the rule of three decides.
        for (clusters, expected) in [(299, NonInferiority.Verdict.inconclusive), (300, .pass)] {
            let none = NonInferiority(Interval(0, 0), margin: 0.01, clusters: clusters, isFlipped: false)
            #expect(none.verdict == expected)
        }
    }

    @Test func aFewPagesHaveNoInterval() async throws {
        func side(_ name: String, size: Int, _ isRight: @escaping @Sendable (Int) -> Bool) async throws -> ScoredItems {
            let path = place.url.appending(path: name).path
            let results = try await makeRun(
                path, count: 60, clusterSize: size, model: FakeModel { isRight($0) ? "\($0)" : "no" })
            #expect((AnswerSummary(results, of: 0..<60).score.interval != nil) == (size <= 6))
            return try ScoredItems(reading: path)
        }
        for (size, verdict) in [(60, NonInferiority.Verdict.inconclusive), (10, .inconclusive), (6, .fail)] {
            let first = try await side("a\(size).jsonl", size: size) { _ in true }
            let second = try await side("b\(size).jsonl", size: size) { $0 % size == 0 }
            let found = try Comparison(first, second, baseline: first, margin: 0.01, bootstrap: bootstrap)
            #expect((found.overall.score.interval != nil) == (size <= 6))
            #expect((found.scoreClosure?.gapInterval != nil) == (size <= 6))
            #expect(found.nonInferiority?.verdict == verdict)
        }
    }

    @Test func groupsByAColumnThatIsThere() async throws {
        let first = try await run("a.jsonl") { _ in true }
        let second = try await run("b.jsonl") { $0 % 2 == 0 }
        let found = try Comparison(first, second, margin: 0.01, by: "level", bootstrap: bootstrap)
        #expect(found.groups.map(\.name) == ["0", "1", "2"] && found.column == "level")
        #expect(found.nonInferiority?.verdict == .fail)
        #expect(throws: EvaluationError.self) { try Comparison(first, second, by: "colour", bootstrap: bootstrap) }
    }

    /// Two abilities of one language, one with three items and one with nine: each counts half.
    @Test func abilitiesCountAlike() async throws {
        func side(_ name: String, _ isRight: @escaping @Sendable (Int) -> Bool) async throws -> ScoredItems {
            let path = place.url.appending(path: name).path
            try await makeRun(path, count: 12, abilities: 3, model: FakeModel { isRight($0) ? "\($0)" : "no" })
            return try ScoredItems(reading: path)
        }
        let first = try await side("a.jsonl") { $0 == 11 }
        let second = try await side("b.jsonl") { $0 < 3 || $0 == 11 }
        let found = try Comparison(first, second, bootstrap: bootstrap)
        #expect(found.languages.map(\.name) == ["English, mean of 2 abilities"])
        let score = try #require(found.languages.first?.score)
        #expect(abs(score.first - 0.5 / 9) < 1e-12 && abs(score.second - (0.5 + 0.5 / 9)) < 1e-12)
        // The second ability never differs, and all items of the first do: no resample differs otherwise.
        let interval = try #require(score.interval)
        #expect(abs(interval.lower - 0.5) < 1e-12 && abs(interval.upper - 0.5) < 1e-12)
        #expect(abs((found.languages.first?.p ?? 0) - 2.0 / 8) < 1e-12)
        let (third, fourth) = (try await run("c.jsonl") { _ in true }, try await run("d.jsonl") { _ in true })
        #expect(try Comparison(third, fourth, bootstrap: bootstrap).languages.isEmpty)
    }

    @Test func aJudgedRunIsNotComparedWithOneThatIsNot() async throws {
        let path = place.url.appending(path: "a.jsonl").path
        let results = try await makeRun(path, count: 4, model: FakeModel { "\($0)" })
        let header = results.header.scored(items: results.header.items, rule: "r", judge: "m")
        let judged = await Rescoring(ExactMatchScorer()).results(results, header: header) { _, _ in }
        #expect(judged.lines.count == 4 && judged.header.judge == "m")
        let other = place.url.appending(path: "b.jsonl").path
        try judged.write(to: other)
        #expect(try AnswerResults(reading: other).lines.keys.sorted() == [0, 1, 2, 3])
        #expect(throws: EvaluationError.notComparable(field: "the judge", first: "none", second: "m")) {
            try Comparison(ScoredItems(reading: path), ScoredItems(reading: other), bootstrap: bootstrap)
        }
    }
}
