// A run of two models over a benchmark's true answers, in groups, resumable. Knows no particular benchmark.

/// The header of a fidelity file.
package struct FidelityHeader<Settings: Codable & Sendable & Equatable>: ResultHeader {
    package static var kind: String { "fidelity" }
    package let kind: String
    package let version: Int
    package let items: Settings
    package let reference: ModelIdentity
    package let referencePrecision: String
    package let model: ModelIdentity
    package let precision: String
    package let instructionSet: String
    /// Images were embedded once for both: encoder and projector are the same bytes under the same arithmetic.
    package let sharedVision: Bool

    package var fileName: String { "\(model.name)-\(precision).jsonl" }

    package init(
        items: Settings, reference: ModelIdentity, referencePrecision: String, model: ModelIdentity, precision: String,
        instructionSet: String, sharedVision: Bool
    ) {
        kind = Self.kind
        version = 1
        self.items = items
        self.reference = reference
        self.referencePrecision = referencePrecision
        self.model = model
        self.precision = precision
        self.instructionSet = instructionSet
        self.sharedVision = sharedVision
    }
}

/// Figures of one item; lists have one entry for each token of the answer, its end token included.
package struct FidelityOutcome: Codable, Sendable, Equatable {
    package let question: String
    package let answer: String
    /// KL(reference || model), nats.
    package let divergence: [Double]?
    package let referenceCrossEntropy: [Double]?
    package let crossEntropy: [Double]?
    /// Whether both find the same token most likely.
    package let agreement: [Bool]?
    /// Whether greedy decoding writes exactly the canonical answer.
    package let referenceExact: Bool?
    package let exact: Bool?
    /// The item could not be measured; then there are no figures.
    package let error: String?

    package init(_ item: BenchmarkItem, error: String) {
        question = item.question
        answer = item.answers[0]
        self.error = error
        (divergence, referenceCrossEntropy, crossEntropy, agreement) = (nil, nil, nil, nil)
        (referenceExact, exact) = (nil, nil)
    }

    init(_ item: BenchmarkItem, _ forced: ForcedAnswer, _ tokens: [TokenFidelity]) {
        question = item.question
        answer = item.answers[0]
        error = nil
        divergence = tokens.map(\.divergence)
        referenceCrossEntropy = tokens.map(\.referenceCrossEntropy)
        crossEntropy = tokens.map(\.crossEntropy)
        agreement = tokens.map(\.agrees)
        referenceExact = forced.isWritten(by: tokens.map(\.referenceChoice))
        exact = forced.isWritten(by: tokens.map(\.choice))
    }
}

package struct FidelityRun<Bench: Benchmark>: Sendable {
    package typealias File = ResultFile<FidelityHeader<Bench.Settings>, FidelityOutcome>

    private let benchmark: Bench
    private let pairs: [FidelityPair]
    private let groupSize: Int

    /// - Parameters:
    ///   - pairs: one or more of one reference.
    ///   - groupSize: items that run together; no figure depends on it.
    package init(_ benchmark: Bench, pairs: [FidelityPair], groupSize: Int = 8) {
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
