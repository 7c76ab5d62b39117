// `monocle eval compare`: two result files side by side. Knows its flags and its words, not the statistics.

import ArgumentParser
import Evaluation

struct EvalCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Put two result files side by side: what differs, and whether it could be chance.",
        discussion: """
            Both files are of one kind, run or fidelity, and about the same items; items that not all have scored are left \
            out. Right and wrong are tested by the exact McNemar test, scores in between and questions about one page, \
            chart or video by a paired permutation test; intervals are the paired bootstrap's over pages, charts and \
            videos. Differences are second minus first.

            With --margin, a verdict on whether the second is no worse than the first by more than so many points: PASS \
            when the whole interval is above minus the margin, FAIL when all of it is below, or else INCONCLUSIVE; also with fewer than 10 pages, charts or videos, \
            and where nothing differs with fewer than 3 / margin.

            With --baseline, the share of a gap that is closed: (second - first) / (baseline - first), for example with \
            RUN-A after quantisation, RUN-B after distillation and BF16 as the baseline. It is not printed when the \
            interval of baseline - first contains 0: then there is no gap to close.

            Examples:
              monocle eval compare bf16.jsonl fp4.jsonl --margin 1
              monocle eval compare ptq.jsonl qad.jsonl --baseline bf16.jsonl
            """)

    @Argument(help: ArgumentHelp("The first result file.", valueName: "run-a"))
    var first: String

    @Argument(help: ArgumentHelp("The second result file.", valueName: "run-b"))
    var second: String

    @Option(help: ArgumentHelp("A third result file: where the gap is measured to.", valueName: "run"))
    var baseline: String?

    @Option(
        help: ArgumentHelp("Points that the second may be worse than the first, for a verdict.", valueName: "points"))
    var margin: Double?

    @Option(
        help: ArgumentHelp(
            "The column to group by. Default: family, ability, category or split, the first there is.",
            valueName: "column"))
    var by: String?

    @Option(help: ArgumentHelp("Items to list that changed to either side.", valueName: "n"))
    var flips = 10

    @Option(help: "Seed of the bootstrap.")
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Bootstrap resamples.", valueName: "n"))
    var resamples = 10_000

    @Flag(help: "Print one JSON object instead of a table.")
    var json = false

    func run() throws {
        guard (100...1_000_000).contains(resamples) else {
            throw UsageError("--resamples is \(resamples); expected 100 to 1000000")
        }
        if let margin, !(margin > 0 && margin < 100) {
            throw UsageError("--margin is \(margin); expected above 0, below 100 points")
        }
        let runs = try ([first, second] + (baseline.map { [$0] } ?? [])).map { try ScoredItems(reading: $0) }
        for run in runs where run.isCut {
            Failure.warn("\(run.path) ends in a line that was cut short; it is left out")
        }
        let comparison = try Comparison(
            runs[0], runs[1], baseline: runs.count > 2 ? runs[2] : nil, margin: margin.map { $0 / 100 }, by: by,
            bootstrap: PairedBootstrap(seed: seed, resamples: resamples))
        if json { try Output.json(comparison) } else { try Output.write(comparison.text(flips: flips)) }
    }
}
