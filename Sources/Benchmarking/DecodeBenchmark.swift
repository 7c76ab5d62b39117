// Times decode steps at a context. Knows the model's operations, not bytes or limits.

package import Compute
package import Model
package import Numerics

package struct DecodeBenchmark: Sendable {
    package let model: NemotronNanoVL
    package let backend: any Backend
    package let keyValueType: DType

    package init(model: NemotronNanoVL, backend: any Backend, keyValueType: DType) {
        self.model = model
        self.backend = backend
        self.keyValueType = keyValueType
    }

    /// Seconds of a step that gives a sequence its next greedy token, or each of several sequences one more row of logits,
    /// as the engine does; `context` tokens of each are in the cache. The cache holds noise, which costs what real keys and
    /// values cost.
    package func measure(
        context: Int, sequences: Int, _ repetition: Repetition
    ) throws(ComputeError) -> Measurements {
        let step = try makeStep(context: context, sequences: sequences)
        try step()
        return try repetition.measure(step)
    }

    /// Seconds of one step without a warm-up, at an empty context.
    package func measureFirstStep() throws(ComputeError) -> Double {
        let step = try makeStep(context: 0, sequences: 1)
        return try Repetition(least: 1, most: 1, seconds: 0).measure(step).median
    }

    /// Seconds of a step's code with no work in its operations, and of an empty region of the team, which every operation
    /// starts at least once.
    package func measureOverhead(
        team: ThreadTeam, _ repetition: Repetition
    ) throws(ComputeError) -> (step: Measurements, region: Measurements) {
        let idle = DecodeBenchmark(model: model, backend: NullBackend(), keyValueType: .f32)
        let step = try idle.measure(context: 0, sequences: 1, repetition)
        let regions = 1000
        let region = repetition.measure { for _ in 0..<regions { team.run { _, _ in } } }
        return (step, region.map { $0 / Double(regions) })
    }

    /// Seconds from a row of hidden states to all of its logits and, from the second time on, to the largest alone; and
    /// those of the first time.
    package func measureHead(
        _ repetition: Repetition
    ) throws(ComputeError) -> (all: Measurements, largest: Measurements, first: Double) {
        var random = SplitMix64(seed: 7)
        let width = model.language.shape.hidden
        let hidden = Tensor((0..<width).map { _ in Float.random(in: -1...1, using: &random) }, shape: [1, width])
        _ = try model.language.logits(hidden, on: backend)
        let once = Repetition(least: 1, most: 1, seconds: 0)
        let largest = { [model, backend] () throws(ComputeError) in
            _ = try model.language.largestLogits(hidden, count: 1, on: backend)
        }
        let first = try once.measure(largest).median
        let all = try repetition.measure { () throws(ComputeError) in
            _ = try model.language.logits(hidden, on: backend)
        }
        return (all, try repetition.measure(largest), first)
    }

    private func makeStep(
        context: Int, sequences: Int
    ) throws(ComputeError) -> () throws(ComputeError) -> Void {
        let pagesEach = context / KVPages.pageTokens + 1
        let pages = try model.makePages(pagesEach * sequences, dtype: keyValueType)
        pages.fillWithNoise()
        let step = Step(
            spans: (0..<sequences).map { index in
                SequenceSpan(
                    rows: index..<index + 1, start: context,
                    pages: (index * pagesEach..<(index + 1) * pagesEach).map { Int32($0) })
            })
        var random = SplitMix64(seed: 1)
        let ids = random.tokens(sequences, below: model.language.shape.vocabulary)
        return { [model, backend] () throws(ComputeError) in
            let x = try model.embed(ids, images: [], on: backend)
            let hidden = try model.language.hidden(x, step, pages: pages, on: backend)
            if sequences == 1 {
                _ = try model.language.largestLogits(hidden, count: 1, on: backend)
            } else {
                _ = try model.language.logits(hidden, on: backend)
            }
        }
    }
}

extension KVPages {
    /// Writes values between -1 and 1 everywhere, so that every page is memory of its own.
    /// - Precondition: the pages hold f32 or bf16.
    func fillWithNoise() {
        var random = SplitMix64(seed: 2)
        let noise = (0..<1 << 14).map { _ in Float.random(in: -1...1, using: &random) }
        if dtype == .f32 {
            fill(with: noise)
        } else {
            fill(with: noise.map { BFloat16($0).bits })
        }
    }

    private func fill<Element: BitwiseCopyable>(with pattern: [Element]) {
        pattern.withUnsafeBytes { pattern in
            var offset = 0
            while offset < byteCount, let source = pattern.baseAddress {
                let count = min(pattern.count, byteCount - offset)
                (base + offset).copyMemory(from: source, byteCount: count)
                offset += count
            }
        }
    }
}
