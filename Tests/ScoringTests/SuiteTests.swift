import Foundation
import Scoring
import Testing

/// OCRBench v2: whole items of all thirty types against the three public scorers.
struct SuiteTests {
    private static let oracles: [(Profile, String)] = [
        (.vlmevalkit, "vlmevalkit"), (.lmmsEval, "lmms_eval"), (.official, "ocrbench_official"),
    ]

    private static let longTexts: Set<String> = [
        "fine-grained text recognition en", "full-page OCR en", "full-page OCR cn", "handwritten answer extraction cn",
        "text translation cn",
    ]

    @Test func everyItem() throws {
        let cases = try Cases.load("ocrbench_v2")
        #expect(Set(cases.compactMap { $0.at("item", "type")?.str.text }).count == OCRBenchV2.tasks.count)
        for (profile, oracle) in Self.oracles {
            let scorer = try Scorer(.ocrbenchV2, profile: profile, language: Languages.data)
            var failed: [String] = []
            var missing = 0
            for example in cases {
                let line = try Cases.line(example)
                let verdict = try scorer.score(line.prediction ?? "", for: line.item)
                if case .missingData = verdict.state {
                    missing += 1
                    // Only a long text needs data, and only a machine without them lacks them.
                    #expect(Self.longTexts.contains(line.item.category), "\(example.id) \(line.item.category)")
                    continue
                }
                let expected = example.at("expected", oracle)?.dictionary
                let isRight: Bool
                if let score = expected?["score"]?.double {
                    let isIgnored = expected?["ignore"]?.isTrue ?? false
                    isRight = abs(verdict.score - score) <= 1e-9 && verdict.isCounted != isIgnored && !verdict.isRaised
                } else {
                    isRight = verdict.isRaised && verdict.score == 0
                }
                if !isRight {
                    failed.append(
                        "\(example.id) \(line.item.category): \(verdict.score) \(verdict.state) for \(expected.map { PythonValue.dictionary($0).json } ?? "-")"
                    )
                }
            }
            #expect(failed.isEmpty, "\(oracle): \(failed.count)\n\(failed.joined(separator: "\n"))")
            if Languages.jieba != nil, Languages.hasWordNet { #expect(missing == 0) }
        }
    }

    @Test func withoutItsDataALongTextIsAStateOfItsOwn() throws {
        let scorer = try Scorer(.ocrbenchV2, profile: .official)
        let item = ScoringItem(
            id: "1", gold: .list([.text("今天天气很好")]), category: "full-page OCR cn")
        let verdict = try scorer.score("今天", for: item)
        #expect(!verdict.isCounted)
        guard case .missingData(let remedy) = verdict.state else { Issue.record("\(verdict)"); return }
        #expect(remedy.contains("jieba"))
        // Words that match exactly need no synonyms.
        let english = ScoringItem(id: "2", gold: .list([.text("the cat sat on the mat")]), category: "full-page OCR en")
        #expect(abs(try scorer.score("the cat sat on the mat", for: english).score - 0.9994212962962963) < 1e-9)
        guard case .missingData = try scorer.score("a dog", for: english).state else {
            Issue.record("needs synonyms"); return
        }
    }
}

extension Verdict {
    var isRaised: Bool { if case .raises = state { true } else { false } }
}
