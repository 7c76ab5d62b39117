// Two runs side by side, for a terminal. Knows how figures are written, not the statistics.

import Evaluation

extension Comparison {
    /// - Parameter flips: items to list to either side.
    func text(flips count: Int) -> String {
        var lines = [("A", first), ("B", second)].map { Self.line($0, $1) }
        if let baseline { lines.append(Self.line("baseline", baseline)) }
        if clusters < items { lines.append("\(items) items about \(clusters) pages, charts or videos") }
        var text = lines.joined(separator: "\n") + "\n\n" + scores
        if overall.divergence != nil { text += "\n" + divergences }
        text += Self.list("better in A", lost, count) + Self.list("better in B", gained, count)
        return text + "\n" + verdicts.joined(separator: "\n") + "\n"
    }

    private var scores: String {
        var table = TextTable([
            "score", "items", "A", "B", "B - A", "95 % interval", "both", "only A", "only B", "neither", "p",
        ])
        let first = languages + [overall]
        for (index, group) in (first + groups).enumerated() {
            if index == first.count { table.rule() }
            let counts = group.counts
            table.add([
                group.name, "\(group.items)", Figures.percent(group.score.first), Figures.percent(group.score.second),
                Figures.points(group.score.difference), Figures.points(group.score.interval),
                Self.cell(counts?.both), Self.cell(counts?.onlyFirst), Self.cell(counts?.onlySecond),
                Self.cell(counts?.neither), Figures.probability(group.p),
            ])
        }
        return table.text + "p: \(overall.test.rawValue), two-sided\n"
    }

    private var divergences: String {
        var table = TextTable(["KL, nats a token", "items", "A", "B", "B - A", "95 % interval"])
        for (index, group) in ([overall] + groups).enumerated() {
            guard let divergence = group.divergence else { continue }
            if index == 1 { table.rule() }
            table.add([
                group.name, "\(group.items)", Figures.nats(divergence.first), Figures.nats(divergence.second),
                Figures.nats(divergence.difference),
                divergence.interval.map { "\(Figures.nats($0.lower)) to \(Figures.nats($0.upper))" } ?? "-",
            ])
        }
        return table.text
    }

    private static func cell(_ count: Int?) -> String { count.map { "\($0)" } ?? "-" }

    private static func list(_ name: String, _ flips: [Flip], _ count: Int) -> String {
        guard !flips.isEmpty, count > 0 else { return "" }
        let shown = flips.prefix(count).map { flip in
            [flip.first, flip.second].allSatisfy { $0 == 0 || $0 == 1 }
                ? flip.id : "\(flip.id) (\(Figures.percent(flip.first)) to \(Figures.percent(flip.second)))"
        }
        let rest = flips.count > count ? ", ... (\(flips.count) in all)" : ""
        return "\(name): \(shown.joined(separator: ", "))\(rest)\n"
    }

    private static func line(_ name: String, _ side: Side) -> String {
        var text = "\(name): \(side.path) (\(side.label))"
        if side.errors > 0 { text += ", \(side.errors) errors, not scored" }
        if side.leftOut > 0 { text += ", \(side.leftOut) items not compared" }
        return text
    }

    private var verdicts: [String] {
        var verdicts = [Self.verdict("score", overall.score, items: items, ["higher", "lower"]) { Figures.points($0) }]
        if let sameReplies { verdicts.append("replies: \(sameReplies) of \(items) are the same, letter by letter") }
        if let divergence = overall.divergence {
            verdicts.append(
                Self.verdict("divergence", divergence, items: items, ["larger", "smaller"]) { Figures.nats($0) })
        }
        verdicts += [("score", scoreClosure), ("divergence", divergenceClosure)].compactMap { name, closure in
            closure.map { Self.verdict(name, $0) }
        }
        if let nonInferiority {
            verdicts.append(
                "\(nonInferiority.verdict.rawValue): B no worse than A by \(Figures.points(nonInferiority.margin)) points, "
                    + (overall.score.interval.map { "interval of B - A \(Figures.points($0))" }
                        ?? "no interval of so few pages, charts or videos (\(clusters))"))
        }
        return verdicts
    }

    private static func verdict(
        _ name: String, _ difference: Difference, items: Int, _ words: [String], _ figure: (Double) -> String
    ) -> String {
        guard let interval = difference.interval else {
            return "\(name): no verdict, as there are too few pages, charts or videos for an interval"
        }
        guard !interval.contains(0) else {
            return "\(name): no difference between A and B is shown by these \(items) items (the interval contains 0)"
        }
        return "\(name): B is \(words[difference.difference > 0 ? 0 : 1]) than A (\(figure(difference.difference)))"
    }

    private static func verdict(_ name: String, _ closure: GapClosure) -> String {
        guard let value = closure.closure else {
            return
                "\(name): no gap closure, as \(closure.gapInterval == nil ? "there are too few items for an interval" : "the interval of baseline - A contains 0"): no gap is shown"
        }
        let interval = closure.interval.map { Figures.percent($0) } ?? "no finite interval"
        return "\(name): B closes \(Figures.percent(value)) of the gap from A to the baseline (95 %: \(interval))"
    }
}
