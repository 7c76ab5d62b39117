// Times prompts of random tokens. Knows the model's operations, not how many operations they are.

package import Compute
package import Model
package import Numerics

package struct PrefillBenchmark: Sendable {
    package let model: NemotronNanoVL
    package let backend: any Backend
    package let keyValueType: DType
    /// Prompt tokens run at once.
    package let chunk: Int

    package init(model: NemotronNanoVL, backend: any Backend, keyValueType: DType, chunk: Int) {
        self.model = model
        self.backend = backend
        self.keyValueType = keyValueType
        self.chunk = max(1, chunk)
    }

    /// Seconds from a prompt of `tokens` random tokens to its last row of logits, with an empty cache each time.
    package func measure(tokens: Int, _ repetition: Repetition) throws(ComputeError) -> Measurements {
        var random = SplitMix64(seed: 3)
        let prompt = random.tokens(max(1, tokens), below: model.language.shape.vocabulary)
        let count = (prompt.count + KVPages.pageTokens - 1) / KVPages.pageTokens
        let pages = try model.makePages(count, dtype: keyValueType)
        try run(prompt.prefix(KVPages.pageTokens), pages)
        return try repetition.measure { () throws(ComputeError) in try run(prompt[...], pages) }
    }

    private func run(_ prompt: ArraySlice<Int32>, _ pages: KVPages) throws(ComputeError) {
        let all = (0..<Int32(pages.pages)).map(\.self)
        var start = 0
        while start < prompt.count {
            let ids = Array(prompt.dropFirst(start).prefix(chunk))
            let span = SequenceSpan(rows: 0..<ids.count, start: start, pages: all)
            let x = try model.embed(ids, images: [], on: backend)
            let hidden = try model.language.hidden(x, Step(spans: [span]), pages: pages, on: backend)
            start += ids.count
            if start == prompt.count {
                _ = try model.language.logits(try backend.rows(hidden, [hidden.rows - 1]), on: backend)
            }
        }
    }
}
