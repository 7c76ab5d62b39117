import Foundation
import Scoring
import Testing

/// Every case of the short-answer benchmarks against every protocol that has an expectation for it.
struct GoldenScoreTests {
    private static let tolerance = 1e-9

    /// - Parameter expected: the score of a case under a protocol, nil when there is none.
    private func check(
        _ name: String, _ benchmark: BenchmarkName, _ profiles: [Profile],
        expected: (PythonDictionary, Profile) -> (score: Double?, extracted: String?)
    ) throws {
        let cases = try Cases.load(name)
        #expect(!cases.isEmpty)
        for profile in profiles {
            let scorer = try Scorer(benchmark, profile: profile)
            var failed: [String] = []
            for example in cases {
                let line = try Cases.line(example)
                let verdict = try scorer.score(line.prediction ?? "", for: line.item)
                let expected = expected(example, profile)
                let score = try #require(expected.score, "\(example.id)")
                if abs(verdict.score - score) > Self.tolerance
                    || expected.extracted.map({ $0 != verdict.extracted }) == true
                {
                    failed.append(
                        "\(example.id): \(verdict.score) for \(score), \(verdict.extracted ?? "-") for \(expected.extracted ?? "-")"
                    )
                }
            }
            #expect(
                failed.isEmpty,
                "\(name) under \(profile.rawValue): \(failed.count) of \(cases.count)\n\(failed.joined(separator: "\n"))"
            )
        }
    }

    private static func oracle(_ profile: Profile, official: String) -> String {
        switch profile {
        case .vlmevalkit2025: "nvidia_vlmeval"
        case .vlmevalkit: "vlmevalkit"
        case .lmmsEval, .lmmsEval072: "lmms_eval"
        case .official: official
        }
    }

    @Test func anls() throws {
        for benchmark in [BenchmarkName.docvqa, .infovqa] {
            try check("anls", benchmark, Profile.allCases) { example, profile in
                (example.at("expected", Self.oracle(profile, official: "anls_pip"), "score")?.double, nil)
            }
        }
    }

    @Test func chartqa() throws {
        try check("chartqa", .chartqa, [.vlmevalkit2025, .vlmevalkit, .lmmsEval]) { example, profile in
            (example.at("expected", Self.oracle(profile, official: ""), "score")?.double, nil)
        }
    }

    @Test func ocrbench() throws {
        try check("ocrbench", .ocrbench, Profile.allCases) { example, profile in
            (example.at("expected", Self.oracle(profile, official: "ocrbench_official"), "score")?.double, nil)
        }
    }

    @Test func videomme() throws {
        try check("videomme", .videomme, Profile.allCases) { example, profile in
            let expected = example.at("expected", Self.oracle(profile, official: "videomme_official"))?.dictionary
            let extracted = profile == .official ? nil : expected?["option"]?.str.text
            return (expected?["score"]?.double, extracted)
        }
    }

    @Test func videommeLeavesUnreadableAnswersOutOfTheAuthorsMean() throws {
        let scorer = try Scorer(.videomme, profile: .official)
        for example in try Cases.load("videomme") {
            let line = try Cases.line(example)
            let verdict = try scorer.score(line.prediction ?? "", for: line.item)
            #expect(
                verdict.isCounted == (example.at("expected", "videomme_official", "counted")?.isTrue), "\(example.id)")
        }
    }

    @Test func ai2d() throws {
        try check("mcq", .ai2d, [.vlmevalkit2025, .vlmevalkit]) { example, profile in
            let expected = example.at("expected", Self.oracle(profile, official: ""))?.dictionary
            return (expected?["hit"]?.double, expected?["option"]?.str.text)
        }
        try check("mcq", .ai2d, [.lmmsEval]) { example, _ in
            let expected = example.at("expected", "lmms_eval")?.dictionary
            return (expected?["ai2d_exact_match"]?.double, nil)
        }
        for example in try Cases.load("mcq") {
            let filtered = LeadingLetter.filtered(example["prediction"]?.text ?? "")
            #expect(filtered == example.at("expected", "lmms_eval", "ai2d_filtered")?.text, "\(example.id)")
        }
    }

    @Test func mmmuChoice() throws {
        try check("mcq", .mmmu, [.vlmevalkit2025, .vlmevalkit]) { example, profile in
            let expected = example.at("expected", Self.oracle(profile, official: ""))?.dictionary
            return (expected?["hit"]?.double, expected?["option"]?.str.text)
        }
        try check("mcq", .mmmu, [.lmmsEval, .official]) { example, profile in
            let expected = example.at("expected", Self.oracle(profile, official: "mmmu_official"))?.dictionary
            let parsed = expected?["mmmu_parsed"].flatMap { $0.isNone ? nil : $0.str.text }
            return (expected?["mmmu_hit"]?.double, parsed)
        }
    }

    @Test func whereThePublicCodeGuessesTheVerdictSaysSo() throws {
        for profile in [Profile.lmmsEval, .official] {
            let scorer = try Scorer(.mmmu, profile: profile)
            let oracle = Self.oracle(profile, official: "mmmu_official")
            for example in try Cases.load("mcq") {
                let line = try Cases.line(example)
                let verdict = try scorer.score(line.prediction ?? "", for: line.item)
                let guesses = example.at("expected", oracle, "mmmu_random_fallback")?.isTrue
                #expect((verdict.state == .guess) == guesses, "\(example.id)")
            }
        }
    }

    @Test func rankedOption() throws {
        for example in try Cases.load("mcq") {
            let expected = example.at("expected", "lmms_eval", "mcq_extract")?.str.text
            let line = try Cases.line(example)
            let found = RankedOption.extract(
                CodePoints(line.prediction ?? ""), letters: line.item.options.map(\.letter))
            #expect(found?.letter ?? "" == expected, "\(example.id)")
        }
    }

    @Test func mmmuOpen() throws {
        try check("mmmu_open", .mmmu, [.vlmevalkit2025, .vlmevalkit]) { example, profile in
            let expected = example.at("expected", Self.oracle(profile, official: ""))?.dictionary
            return (expected?["hit"]?.double, expected?["option"]?.str.text)
        }
        try check("mmmu_open", .mmmu, [.official, .lmmsEval, .lmmsEval072]) { example, profile in
            let key: CodePoints =
                switch profile {
                case .official: "correct"
                case .lmmsEval: "correct_in_0_7_3"
                default: "correct_at_75571cfe"
                }
            let expected = example.at("expected", Self.oracle(profile, official: "mmmu_official"))?.dictionary
            return (expected?[key]?.double, nil)
        }
    }

    @Test func mmmuOpenCandidates() throws {
        for example in try Cases.load("mmmu_open") {
            let found = OpenAnswer.candidates(example["prediction"]?.text ?? "")
            let expected = (example.at("expected", "mmmu_official", "parsed")?.elements ?? []).map {
                $0.double.map { OpenAnswer.Candidate.number($0) } ?? .text($0.str)
            }
            #expect(
                found.count == expected.count && (Set(found) == Set(expected) || "\(found)".contains("nan")),
                "\(example.id): \(found) for \(expected)")
            let cell = example["answer"]?.str
            #expect(cell == example["answer_cell"]?.text, "\(example.id)")
        }
    }
}
