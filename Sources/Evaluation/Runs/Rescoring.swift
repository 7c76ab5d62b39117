// Replies of a run scored again, without a model. Knows no rule.

package import BenchmarkData

package struct Rescoring: Sendable {
    private let scorer: any ReplyScorer

    /// Replies that wait for a judge at once.
    private static let concurrency = 4

    package init(_ scorer: any ReplyScorer) { self.scorer = scorer }

    /// The same replies with new verdicts. What ended in an error without a reply stays as it is.
    package func results(
        _ old: Results<RunHeader, AnswerOutcome>, header: RunHeader, progress: (_ done: Int, _ of: Int) -> Void
    ) async -> Results<RunHeader, AnswerOutcome> {
        let lines = await lines(Array(old.lines.values), progress: progress)
        return Results(
            path: old.path, header: header, lines: Dictionary(uniqueKeysWithValues: lines.map { ($0.item.index, $0) }),
            isCut: false)
    }

    /// The same lines with new verdicts, in order of items.
    func lines(
        _ old: [ResultLine<AnswerOutcome>], progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) async -> [ResultLine<AnswerOutcome>] {
        var lines: [ResultLine<AnswerOutcome>] = []
        await withTaskGroup(of: ResultLine<AnswerOutcome>.self) { group in
            var waiting = old.makeIterator()
            func start() {
                guard var line = waiting.next() else { return }
                group.addTask {
                    await line.outcome.score(by: scorer)
                    return line
                }
            }
            for _ in 0..<Self.concurrency { start() }
            while let line = await group.next() {
                lines.append(line)
                progress(lines.count, old.count)
                start()
            }
        }
        return lines.sorted { $0.item.index < $1.item.index }
    }
}

extension RunHeader {
    /// The header of the same replies under other rules.
    package func scored(items: ItemSettings, rule: String, judge: String?) -> RunHeader {
        RunHeader(
            items: items, model: model, precision: precision, instructionSet: instructionSet, maxTokens: maxTokens,
            rule: rule, judge: judge, dataPath: dataPath)
    }
}
