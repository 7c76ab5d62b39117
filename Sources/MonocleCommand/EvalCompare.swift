// `monocle eval compare`: two result files side by side. Knows its flags and its words, not the statistics.

import ArgumentParser
import Evaluation

struct EvalCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Put two result files side by side: what differs, and whether it could be chance.",
        discussion: """
            Both files are of one kind, run or fidelity, and about the same items; items that not all have scored are left \
            out. Exact match is tested by the exact McNemar test and a paired bootstrap over items; divergence by the \
            bootstrap of the items' means. Differences are second minus first.

            With --baseline, the share of a gap that is closed: (second - first) / (baseline - first), for example with \
            RUN-A after quantisation, RUN-B after distillation and BF16 as the baseline. It is not printed when the \
            interval of baseline - first contains 0: then there is no gap to close.

            Example: monocle eval compare ptq.jsonl qad.jsonl --baseline bf16.jsonl
            """)

    @Argument(help: ArgumentHelp("The first result file.", valueName: "run-a"))
    var first: String

    @Argument(help: ArgumentHelp("The second result file.", valueName: "run-b"))
    var second: String

    @Option(help: ArgumentHelp("A third result file: where the gap is measured to.", valueName: "run"))
    var baseline: String?

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
        let runs = try ([first, second] + (baseline.map { [$0] } ?? [])).map { try ScoredItems(reading: $0) }
        for run in runs where run.isCut {
            Failure.warn("\(run.path) ends in a line that was cut short; it is left out")
        }
        let comparison = try Comparison(
            runs[0], runs[1], baseline: runs.count > 2 ? runs[2] : nil,
            bootstrap: PairedBootstrap(seed: seed, resamples: resamples))
        if json { try Output.json(comparison) } else { try Output.write(comparison.text) }
    }
}

extension Comparison {
    var text: String {
        var lines = [("A", first), ("B", second)].map { Self.line($0, $1) }
        if let baseline { lines.append(Self.line("baseline", baseline)) }
        var table = TextTable([
            "exact", "items", "A", "B", "B - A", "95 % interval", "both", "only A", "only B", "neither", "McNemar p",
        ])
        for (index, group) in ([overall] + families).enumerated() {
            if index == 1 { table.rule() }
            let counts = group.counts
            table.add([
                group.name, "\(counts.count)", Figures.percent(group.exact.first), Figures.percent(group.exact.second),
                Figures.points(group.exact.difference), Figures.points(group.exact.interval), "\(counts.both)",
                "\(counts.onlyFirst)", "\(counts.onlySecond)", "\(counts.neither)", Figures.probability(group.mcnemarP),
            ])
        }
        var text = lines.joined(separator: "\n") + "\n\n" + table.text
        if overall.divergence != nil {
            var table = TextTable(["KL, nats a token", "items", "A", "B", "B - A", "95 % interval"])
            for (index, group) in ([overall] + families).enumerated() {
                guard let divergence = group.divergence else { continue }
                if index == 1 { table.rule() }
                table.add([
                    group.name, "\(group.counts.count)", Figures.nats(divergence.first),
                    Figures.nats(divergence.second), Figures.nats(divergence.difference),
                    "\(Figures.nats(divergence.interval.lower)) to \(Figures.nats(divergence.interval.upper))",
                ])
            }
            text += "\n" + table.text
        }
        return text + "\n" + verdicts.joined(separator: "\n") + "\n"
    }

    private static func line(_ name: String, _ side: Side) -> String {
        var text = "\(name): \(side.path) (\(side.label))"
        if side.errors > 0 { text += ", \(side.errors) errors, not scored" }
        if side.leftOut > 0 { text += ", \(side.leftOut) items not compared" }
        return text
    }

    private var verdicts: [String] {
        var verdicts = [
            Self.verdict("exact match", overall.exact, items: items, ["higher", "lower"]) { Figures.points($0) }
        ]
        if let divergence = overall.divergence {
            verdicts.append(
                Self.verdict("divergence", divergence, items: items, ["larger", "smaller"]) { Figures.nats($0) })
        }
        verdicts += [("exact match", exactClosure), ("divergence", divergenceClosure)].compactMap { name, closure in
            closure.map { Self.verdict(name, $0) }
        }
        return verdicts
    }

    private static func verdict(
        _ name: String, _ difference: Difference, items: Int, _ words: [String], _ figure: (Double) -> String
    ) -> String {
        guard !difference.interval.contains(0) else {
            return "\(name): no difference between A and B is shown by these \(items) items (the interval contains 0)"
        }
        return "\(name): B is \(words[difference.difference > 0 ? 0 : 1]) than A (\(figure(difference.difference)))"
    }

    private static func verdict(_ name: String, _ closure: GapClosure) -> String {
        guard let value = closure.closure else {
            return "\(name): no gap closure, as the interval of baseline - A contains 0: no gap is shown"
        }
        let interval = closure.interval.map { Figures.percent($0) } ?? "no finite interval"
        return "\(name): B closes \(Figures.percent(value)) of the gap from A to the baseline (95 %: \(interval))"
    }
}
