// What the report's first page shows: the table of figures, the comparisons, the list of samples. Knows no HTML.

import BenchmarkData
import Evaluation
import Foundation

struct ReportSummary: Encodable {
    /// A run: a column of the tables.
    struct Run: Encodable {
        let label: String
        let path: String
        let header: RunHeader
        let summary: AnswerSummary
        /// The file's last line was cut short and left out.
        let isCut: Bool
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
        let runs: [Run]
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
        name = group.header.items.benchmark
        profile = group.profile
        var labels: [String] = []
        for run in group.runs {
            let same = labels.count { $0 == run.label || $0.hasPrefix(run.label + " (") }
            labels.append(same == 0 ? run.label : "\(run.label) (\(same + 1))")
        }
        runs = zip(group.runs, labels).map { run, label in
            ReportSummary.Run(
                label: label, path: run.path, header: run.header, summary: run.summary, isCut: run.results.isCut)
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
