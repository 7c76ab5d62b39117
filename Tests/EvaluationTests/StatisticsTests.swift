import Evaluation
import Foundation
import TestSupport
import Testing

struct StatisticsTests {
    private struct File: Decodable {
        struct Case: Decodable {
            struct TTest: Decodable {
                let meanDiff: Double
                let seDiff: Double
                let ciLower: Double
                let ciUpper: Double
                let tStat: Double
                let pValue: Double
                let n: Int
            }
            /// What lmms-eval computes.
            struct Errors: Decodable {
                let pairedTtest: TTest
                let clusteredStderrCandidate: Double
                let meanStderrCandidate: Double
            }
            /// What scipy computes.
            struct Tests: Decodable {
                let meanDiff: Double
                let baselineOnly: Int?
                let candidateOnly: Int?
                let mcnemarExactTwoSidedP: Double?
                let mcnemarExactOneSidedDegradationP: Double?
                let wilson95Candidate: [Double]?
            }
            struct Expected: Decodable {
                let scipy: Tests
                let lmmsEval: Errors
            }
            let id: String
            let baseline: [Double]
            let candidate: [Double]
            let clusters: [Int]
            let expected: Expected
        }
        let tolerance: Double
        let cases: [Case]

        static func load() throws -> File {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(File.self, from: Data(contentsOf: Goldens.file("eval/stats/paired.json")))
        }
    }

    @Test func equalScipy() throws {
        let file = try File.load()
        var tested = 0
        for example in file.cases {
            let expected = example.expected.scipy
            func isNear(_ found: Double?, _ value: Double) -> Bool { abs((found ?? .nan) - value) <= file.tolerance }
            let means = [example.baseline, example.candidate].map { $0.reduce(0, +) / Double($0.count) }
            #expect(isNear(means[1] - means[0], expected.meanDiff), "\(example.id)")
            guard let two = expected.mcnemarExactTwoSidedP, let one = expected.mcnemarExactOneSidedDegradationP,
                let bounds = expected.wilson95Candidate
            else { continue }
            tested += 1
            let counts = PairedCounts(
                first: example.baseline.map { $0 == 1 }, second: example.candidate.map { $0 == 1 })
            #expect(counts.onlyFirst == expected.baselineOnly && counts.onlySecond == expected.candidateOnly)
            #expect(isNear(counts.difference, expected.meanDiff), "\(example.id)")
            #expect(isNear(counts.twoSidedP, two), "\(example.id)")
            #expect(isNear(counts.degradationP, one), "\(example.id)")
            let share = Share(example.candidate.count { $0 == 1 }, of: example.candidate.count)
            #expect(isNear(share.interval?.lower, bounds[0]) && isNear(share.interval?.upper, bounds[1]))
        }
        #expect(tested >= 4)
    }

    @Test func errorsAndTTestsEqualThoseOfLmmsEval() throws {
        let file = try File.load()
        for example in file.cases {
            let expected = example.expected.lmmsEval
            func isNear(_ found: Double?, _ value: Double) -> Bool { abs((found ?? .nan) - value) <= file.tolerance }
            #expect(isNear(StandardError.ofMean(example.candidate), expected.meanStderrCandidate), "\(example.id)")
            let clustered = StandardError.ofMean(example.candidate, clusters: example.clusters)
            #expect(isNear(clustered, expected.clusteredStderrCandidate), "\(example.id)")
            let alone = StandardError.ofMean(example.candidate, clusters: Array(example.candidate.indices))
            #expect(isNear(alone, expected.meanStderrCandidate), "\(example.id)")
            let test = try #require(PairedTTest(first: example.baseline, second: example.candidate))
            #expect(isNear(test.difference, expected.pairedTtest.meanDiff) && test.count == expected.pairedTtest.n)
            #expect(isNear(test.standardError, expected.pairedTtest.seDiff), "\(example.id)")
            #expect(isNear(test.interval.lower, expected.pairedTtest.ciLower), "\(example.id)")
            #expect(isNear(test.interval.upper, expected.pairedTtest.ciUpper), "\(example.id)")
            #expect(isNear(test.t, expected.pairedTtest.tStat), "\(example.id)")
            #expect(isNear(test.p, expected.pairedTtest.pValue), "\(example.id)")
        }
        #expect(!file.cases.isEmpty)
    }

    @Test func aConstantDifferenceIsCertain() throws {
        let up = try #require(PairedTTest(first: [0, 1, 2], second: [1, 2, 3]))
        #expect(up.t == .infinity && up.p == 0 && up.interval == Interval(1, 1))
        #expect(PairedTTest(first: [1], second: [2]) == nil && StandardError.ofMean([1]) == nil)
    }

    @Test func shareOfNothingHasNoInterval() {
        let share = Share(0, of: 0)
        #expect(share.value == nil && share.interval == nil)
        #expect(Share(0, of: 7).interval?.lower == 0 && Share(7, of: 7).interval?.upper == 1)
    }

    @Test func mcnemarOfManyDifferences() {
        // 600 against 500 of 1,100: the normal approximation gives 0.0028 with continuity correction.
        let counts = PairedCounts(
            first: Array(repeating: true, count: 600) + Array(repeating: false, count: 500),
            second: Array(repeating: false, count: 600) + Array(repeating: true, count: 500))
        #expect(abs(counts.twoSidedP - 0.0028) < 0.0002)
        #expect(counts.difference == -100.0 / 1100)
    }

    @Test func percentilesInterpolate() {
        #expect(Percentile.value(0.5, ofSorted: []) == nil)
        #expect(Percentile.value(0.95, ofSorted: [3]) == 3)
        #expect(Percentile.value(0.5, ofSorted: [1, 2, 4, 8]) == 3)
        #expect(Percentile.value(1, ofSorted: [1, 2, 4, 8]) == 8)
    }

    @Test func bootstrapIsSeededAndPaired() throws {
        let first = (0..<101).map { sin(Double($0)) }
        let second = first.map { $0 + 0.25 }
        let bootstrap = PairedBootstrap(seed: 3, resamples: 400)
        let means = bootstrap.means([first, second])
        let again = bootstrap.means([first, second]) == means
        let otherSeed = PairedBootstrap(seed: 4, resamples: 400).means([first, second]) == means
        #expect(again && !otherSeed)
        // Items stay together: a constant difference has no spread, though each mean has.
        let paired = try #require(PairedBootstrap.interval(means) { $0[1] - $0[0] })
        #expect(abs(paired.lower - 0.25) < 1e-12 && abs(paired.upper - 0.25) < 1e-12)
        let alone = try #require(PairedBootstrap.interval(means) { $0[0] })
        #expect(alone.upper - alone.lower > 0.1)
        // A column's means do not depend on the columns beside it.
        let single = bootstrap.means([first]).map { $0[0] } == means.map { $0[0] }
        #expect(single)
        #expect(bootstrap.means([[]]).isEmpty)
    }

    /// The percentile interval of a mean is about the t interval of the golden cases.
    @Test func bootstrapIntervalIsAboutTheNormalOne() throws {
        let file = try File.load()
        let example = try #require(file.cases.max { $0.baseline.count < $1.baseline.count })
        let differences = zip(example.candidate, example.baseline).map { $0 - $1 }
        let mean = differences.reduce(0, +) / Double(differences.count)
        let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(differences.count - 1)
        let half = 1.96 * (variance / Double(differences.count)).squareRoot()
        let means = PairedBootstrap(resamples: 2000).means([example.baseline, example.candidate])
        let interval = try #require(PairedBootstrap.interval(means) { $0[1] - $0[0] })
        #expect(abs(interval.lower - (mean - half)) < 0.15 * half)
        #expect(abs(interval.upper - (mean + half)) < 0.15 * half)
    }

    @Test func gapClosureNeedsAGap() throws {
        let bootstrap = PairedBootstrap(resamples: 1000)
        let low = (0..<200).map { $0 % 10 < 5 ? 1.0 : 0 }
        let middle = (0..<200).map { $0 % 10 < 7 ? 1.0 : 0 }
        let high = (0..<200).map { $0 % 10 < 9 ? 1.0 : 0 }
        let closed = GapClosure([low, middle, high], bootstrap)
        #expect(abs(try #require(closed.closure) - 0.5) < 1e-12)
        let interval = try #require(closed.interval)
        #expect(interval.lower > 0.25 && interval.contains(0.5) && interval.upper < 0.75)
        let refused = GapClosure([low, middle, low], bootstrap)
        #expect(refused.gap == 0 && refused.closure == nil && refused.interval == nil)
    }

    @Test func permutationOfRightAndWrongIsMcNemars() {
        // Differences of one size: both tests count heads of fair coins.
        for (up, down) in [(0, 0), (5, 0), (3, 8), (7, 7), (9, 1)] {
            let differences = Array(repeating: 1.0, count: up) + Array(repeating: -1, count: down) + [0, 0]
            let counts = PairedCounts(
                first: Array(repeating: false, count: up) + Array(repeating: true, count: down),
                second: Array(repeating: true, count: up) + Array(repeating: false, count: down))
            #expect(abs(PairedPermutation().twoSidedP(differences) - counts.twoSidedP) < 1e-12, "\(up) \(down)")
        }
        // Too many to try all: close to the exact value.
        let many = Array(repeating: 1.0, count: 40) + Array(repeating: -1, count: 20)
        let exact = PairedCounts(
            first: many.map { $0 < 0 }, second: many.map { $0 > 0 }
        ).twoSidedP
        #expect(abs(PairedPermutation(draws: 20_000).twoSidedP(many) - exact) < 0.003)
    }

    @Test func clustersOfOneAreItems() throws {
        let column = (0..<50).map { Double($0 % 7) }
        let bootstrap = PairedBootstrap(resamples: 300)
        let single = bootstrap.means([column], in: Clusters(members: (0..<50).map { [$0] }))
        #expect(single == bootstrap.means([column]))
        // Equal clusters: the mean of a resample is that of cluster means.
        let pairs = Clusters(members: (0..<25).map { [2 * $0, 2 * $0 + 1] })
        let constant = (0..<50).map { Double($0 / 2) }
        let clustered = try #require(PairedBootstrap.interval(bootstrap.means([constant], in: pairs)) { $0[0] })
        let independent = try #require(PairedBootstrap.interval(bootstrap.means([constant])) { $0[0] })
        #expect(clustered.upper - clustered.lower > 1.2 * (independent.upper - independent.lower))
    }
}
