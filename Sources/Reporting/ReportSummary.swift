// What the report's first page shows: the table of figures, the comparisons, the list of samples. Knows no HTML.

import BenchmarkData
import Evaluation
import Foundation

struct ReportSummary: Encodable {
    /// A column of the tables.
    struct Column: Encodable {
        let label: String
        let path: String
        let model: ModelIdentity
        let precision: String
        let instructionSet: String
        let maxTokens: Int
        let rule: String
        let judge: String?
    }

    struct Row: Encodable {
        let title: String
        let profile: String?
        /// What a score of 1 is shown as.
        let scale: Double
        let card: CardFigures?
        /// Place of the benchmark among `benchmarks`.
        let benchmark: Int
        /// A figure for each run of the benchmark.
        let figures: [Headline]
    }

    struct Counts: Encodable {
        let errors: [String: Int]
        let undecided: Int
        let judged: Int
        let leftOut: Int
        let missingData: Int
        let cutReplies: Int
        let seconds: Double
        let isCut: Bool
    }

    struct Group: Encodable {
        let name: String
        let figures: [Headline?]
    }

    struct GroupTable: Encodable {
        let column: String
        let groups: [Group]
    }

    struct Pair: Encodable {
        /// Places among the benchmark's runs.
        let first: Int
        let second: Int
        let comparison: Comparison?
        /// Why the runs are not compared; nil where they are.
        let reason: String?
    }

    struct Benchmark: Encodable {
        let name: String
        let profile: String?
        let data: DataIdentity?
        let frames: String?
        let runs: [Column]
        let counts: [Counts]
        let tables: [GroupTable]
        let pairs: [Pair]
        let entries: [ReportEntry]
        /// Why images are missing; nil when all are there.
        let imagesMissing: String?
    }

    let version: String
    let samplesPerFile: Int
    let rows: [Row]
    let benchmarks: [Benchmark]
}

extension RunGroup {
    /// The protocol, in words; nil for documents.
    var profile: String? {
        guard case .table(let settings) = header.items else { return nil }
        return settings.askedUnder.map { "\(settings.profile), asked as \($0)" } ?? settings.profile
    }
}

extension ReportSummary.Benchmark {
    init(
        _ group: RunGroup, entries: [ReportEntry], imagesMissing: String?, margin: Double?, bootstrap: PairedBootstrap
    ) {
        let items = group.header.items
        name = items.benchmark
        profile = group.profile
        if case .table(let settings) = items {
            (data, frames) = (settings.data, settings.frames)
        } else {
            (data, frames) = (nil, nil)
        }
        var labels: [String] = []
        for run in group.runs {
            let same = labels.count { $0 == run.label || $0.hasPrefix(run.label + " (") }
            labels.append(same == 0 ? run.label : "\(run.label) (\(same + 1))")
        }
        runs = zip(group.runs, labels).map { run, label in
            let header = run.header
            return ReportSummary.Column(
                label: label, path: run.path, model: header.model, precision: header.precision,
                instructionSet: header.instructionSet, maxTokens: header.maxTokens, rule: header.rule,
                judge: header.judge)
        }
        counts = group.runs.map { run in
            let summary = run.summary
            return ReportSummary.Counts(
                errors: summary.errors, undecided: summary.undecided, judged: summary.judged,
                leftOut: summary.leftOut, missingData: summary.missingData, cutReplies: summary.cutReplies,
                seconds: summary.seconds,
                isCut: run.results.isCut)
        }
        tables = Set(group.runs.flatMap(\.summary.groups.keys)).sorted().map { column in
            let names = Set(group.runs.flatMap { $0.summary.groups[column]?.map(\.name) ?? [] }).sorted()
            return ReportSummary.GroupTable(
                column: column,
                groups: names.map { name in
                    ReportSummary.Group(
                        name: name,
                        figures: group.runs.map { run in
                            run.summary.groups[column]?.first { $0.name == name }.map { Headline($0.score) }
                        })
                })
        }
        pairs = group.runs.indices.dropFirst().map { second -> ReportSummary.Pair in
            do throws(EvaluationError) {
                let comparison = try Comparison(
                    group.runs[0].scored, group.runs[second].scored, margin: margin, bootstrap: bootstrap)
                return ReportSummary.Pair(first: 0, second: second, comparison: comparison, reason: nil)
            } catch {
                return ReportSummary.Pair(first: 0, second: second, comparison: nil, reason: error.description)
            }
        }
        self.entries = entries
        self.imagesMissing = imagesMissing
    }
}
