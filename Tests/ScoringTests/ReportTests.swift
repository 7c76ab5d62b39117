import Foundation
import Scoring
import Testing

/// Sub-scores and headlines as the public code sums them up.
struct ReportTests {
    private func samples(
        _ name: String, _ benchmark: BenchmarkName, _ profile: Profile, only ids: Set<String>
    ) throws -> [ScoredSample] {
        let scorer = try Scorer(benchmark, profile: profile, language: Languages.data)
        return try Cases.load(name).filter { ids.contains($0.id) }.map { example in
            let line = try Cases.line(example)
            return ScoredSample(line.item, try scorer.score(line.prediction ?? "", for: line.item))
        }
    }

    private func figures(_ report: ScoreReport) -> [String: ScoreReport.Figure] {
        let all = report.headline + report.sections.flatMap(\.figures)
        return Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private func ids(_ value: PythonValue?) -> Set<String> { Set(value?.elements?.map(\.str.text) ?? []) }

    @Test func ocrbench() throws {
        let example = try #require(try Cases.load("aggregates").first { $0.id == "aggregates-dev-ocrbench" })
        let samples = try samples("ocrbench", .ocrbench, .vlmevalkit, only: ids(example["case_ids"]))
        let found = figures(ScoreReport(.ocrbench, .vlmevalkit, samples))
        for (name, expected) in example.at("expected", "vlmevalkit")?.dictionary?.pairs ?? [] {
            #expect(found[name.str.text]?.value == expected.double, "\(name.str)")
        }
        let counted = try #require(example.at("expected", "nvidia_vlmeval")?.dictionary?.pairs)
        for (name, expected) in counted {
            let figure = try #require(found[name.str.text], "\(name.str)")
            #expect(figure.value == expected.dictionary?["sum"]?.double, "\(name.str)")
            if let count = expected.dictionary?["count"]?.double {
                #expect(Double(figure.count) == count, "\(name.str)")
            }
        }
    }

    @Test(.enabled(if: Languages.jieba != nil && Languages.hasWordNet, "long texts need jieba and WordNet"))
    func suite() throws {
        let example = try #require(try Cases.load("aggregates").first { $0.id == "aggregates-dev-ocrbench_v2" })
        let expected = try #require(example["expected"]?.dictionary)
        let macro = try #require(expected["vlmevalkit (macro over abilities)"]?.dictionary)
        let samples = try samples("ocrbench_v2", .ocrbenchV2, .vlmevalkit, only: ids(example["case_ids"]))
        let found = figures(ScoreReport(.ocrbenchV2, .vlmevalkit, samples))
        for language in ["en", "cn"] {
            for (name, value) in macro[CodePoints(language)]?.dictionary?.pairs ?? [] {
                #expect(abs((found[name.str.text]?.value ?? .nan) - (value.double ?? 0)) <= 1e-9, "\(name.str)")
            }
        }
        for name in ["English Overall Score", "Chinese Overall Score"] {
            #expect(abs((found[name]?.value ?? .nan) - (macro[CodePoints(name)]?.double ?? 0)) <= 1e-9, "\(name)")
        }
        let weighted = try #require(expected["lmms_eval (mean over samples; its own included set)"]?.dictionary)
        let others = try self.samples("ocrbench_v2", .ocrbenchV2, .lmmsEval, only: ids(weighted["included"]))
        let means = figures(ScoreReport(.ocrbenchV2, .lmmsEval, others))
        for name in ["en_sample_weighted", "cn_sample_weighted"] {
            #expect(abs((means[name]?.value ?? .nan) - (weighted[CodePoints(name)]?.double ?? 0)) <= 1e-9, "\(name)")
        }
    }

    @Test func accuracyTables() throws {
        for example in try Cases.load("acc_tables") {
            let samples = (example["rows"]?.elements ?? []).compactMap(\.dictionary).map { row in
                var groups: [String: String] = [:]
                for key in ["split", "l2-category"] { groups[key] = row[CodePoints(key)]?.str.text }
                let item = ScoringItem(
                    id: row["index"]?.str.text ?? "", gold: .none, category: row["category"]?.str.text ?? "",
                    groups: groups)
                return ScoredSample(item, Verdict(row["hit"]?.double ?? .nan, rule: ""))
            }
            let report = ScoreReport(.mmmu, .vlmevalkit, samples)
            for row in example.at("expected", "vlmevalkit")?.elements?.compactMap(\.dictionary) ?? [] {
                let split = row["split"]?.str.text ?? ""
                let section = try #require(report.sections.first { $0.title == "split \(split)" })
                #expect(section.figures.count == row.count - 1)
                for (name, value) in row.pairs where name.text != "split" {
                    let figure = section.figures.first { $0.name == name.str.text }
                    #expect(
                        abs((figure?.value ?? .nan) - (value.double ?? 0)) <= 1e-9, "\(example.id) \(split) \(name.str)"
                    )
                }
            }
        }
    }

    @Test func whatIsLeftOutEntersNoMean() {
        let item = ScoringItem(id: "1", gold: .text("A"))
        let samples = [Verdict(1, rule: ""), Verdict(0, .leftOut, rule: ""), Verdict(0, .missingData(""), rule: "")]
            .map { ScoredSample(item, $0) }
        #expect(ScoreReport(.videomme, .official, samples).headline == [.init("Overall", 1, count: 1)])
        #expect(ScoreReport(.videomme, .official, []).headline == [.init("Overall", nil, count: 0)])
    }
}
