// A run of two models over a benchmark's true answers, in groups, resumable. Knows no particular benchmark.

package import BenchmarkData

extension FidelityOutcome {
    init(_ item: BenchmarkItem, _ forced: ForcedAnswer, _ tokens: [TokenFidelity]) {
        question = item.text
        answer = item.answers.first ?? ""
        error = nil
        divergence = tokens.map(\.divergence)
        referenceCrossEntropy = tokens.map(\.referenceCrossEntropy)
        crossEntropy = tokens.map(\.crossEntropy)
        agreement = tokens.map(\.agrees)
        referenceExact = forced.isWritten(by: tokens.map(\.referenceChoice))
        exact = forced.isWritten(by: tokens.map(\.choice))
    }
}

package struct FidelityRun: Sendable {
    package typealias File = ResultFile<FidelityHeader, FidelityOutcome>

    private let benchmark: any Benchmark
    private let pairs: [FidelityPair]
    private let groupSize: Int

    /// - Parameters:
    ///   - pairs: one or more of one reference.
    ///   - groupSize: items that run together; no figure depends on it.
    package init(_ benchmark: any Benchmark, pairs: [FidelityPair], groupSize: Int = 8) {
        precondition(!pairs.isEmpty, "something is measured")
        self.benchmark = benchmark
        self.pairs = pairs
        self.groupSize = max(1, groupSize)
    }

    /// Measures every item below `count` that a file does not hold yet, in order, and adds a line for each.
    /// - Parameters:
    ///   - files: one for each pair.
    ///   - progress: items done and to be done in this call, after each group.
    package func run(_ count: Int, into files: [File], progress: (_ done: Int, _ of: Int) -> Void) async throws {
        precondition(files.count == pairs.count, "a file for each pair")
        let left = (0..<count).filter { index in files.contains { !$0.isDone(index) } }
        let groups = stride(from: 0, to: left.count, by: groupSize).map {
            Array(left[$0..<min(left.count, $0 + groupSize)])
        }
        var done = 0
        // The next group is drawn while this one is measured.
        var next = groups.first.map { group in Task { try prepare(group) } }
        for place in groups.indices {
            progress(done, left.count)
            try Task.checkCancellation()
            guard let items = try await next?.value else { break }
            next = place + 1 < groups.count ? Task { [group = groups[place + 1]] in try prepare(group) } : nil
            for (file, lines) in zip(files, try measure(items)) {
                for line in lines where !file.isDone(line.item.index) { try file.append(line) }
            }
            done += items.count
        }
        progress(done, left.count)
    }

    private typealias Prepared = (item: BenchmarkItem, forced: Result<ForcedAnswer, any Error>)

    private func prepare(_ indices: [Int]) throws -> [Prepared] {
        try indices.map { index in
            let item = try benchmark.item(at: index)
            return (item, Result { try ForcedAnswer(item, for: pairs[0].preparer) })
        }
    }

    /// For each pair a line for each item.
    private func measure(_ items: [Prepared]) throws -> [[ResultLine<FidelityOutcome>]] {
        let ready = items.compactMap { try? $0.forced.get() }
        return try FidelityPair.measure(ready, with: pairs).map { measured in
            var figures = measured.makeIterator()
            return items.map { item, forced in
                switch forced {
                case .failure(let error):
                    return ResultLine(item.facts, FidelityOutcome(item, error: "\(error)"))
                case .success(let forced):
                    guard let tokens = figures.next() ?? nil else {
                        return ResultLine(item.facts, FidelityOutcome(item, error: "a model's logits are not finite"))
                    }
                    return ResultLine(item.facts, FidelityOutcome(item, forced, tokens))
                }
            }
        }
    }
}
