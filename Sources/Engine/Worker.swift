// What the engine's thread does with a request: images, prefill, decode. Knows nothing of queues.

import Compute
import Model
import Numerics
import Tokenization

/// Model state and its caches, owned by one thread.
final class Worker: @unchecked Sendable {
    // Sendable: after `init` only the engine's thread touches it.
    private let model: NemotronNanoVL
    private let tokenizer: Tokenizer
    private let backend: any Backend
    private let options: EngineOptions
    private let pages: KVPages
    private var pool: BlockPool
    private var prefixes = PrefixCache(pageTokens: KVPages.pageTokens)
    private var images = ImageCache()
    private let clock = ContinuousClock()

    init(
        model: NemotronNanoVL, tokenizer: Tokenizer, backend: any Backend, options: EngineOptions
    ) throws(ComputeError) {
        let count = (options.context + KVPages.pageTokens - 1) / KVPages.pageTokens
        self.model = model
        self.tokenizer = tokenizer
        self.backend = backend
        self.options = options
        pages = try model.makePages(count, dtype: options.keyValueType)
        pool = BlockPool(pages: count)
    }

    /// Answers `job` on its stream, whatever happens; frees what the request held.
    func run(_ job: Job) {
        do {
            let request = job.request
            let sampling = try request.sampling.validated()
            guard !request.prompt.isEmpty, request.prompt.count < options.context else {
                throw EngineError.contextLength(prompt: request.prompt.count, limit: options.context)
            }
            var timings = Timings()
            timings.promptTokens = request.prompt.count
            let found = try timed(&timings.visionSeconds) { try embeddings(for: job) }
            var sequence = Sequence(request: request, images: found)
            defer { release(sequence) }
            sequence.pages = prefixes.match(Array(sequence.contents.dropLast()), pool: &pool)
            sequence.written = sequence.pages.count * KVPages.pageTokens
            timings.cachedTokens = sequence.written
            let logits = try timed(&timings.prefillSeconds) { try prefill(&sequence, job) }
            var answer = Answer(job: job, sampling: sampling, tokenizer: tokenizer, limit: answerLimit(request))
            try timed(&timings.decodeSeconds) { try decode(&sequence, &answer, logits) }
            timings.completionTokens = answer.count
            answer.finish(timings)
        } catch is CancellationError {
            job.continuation.finish()
        } catch {
            job.continuation.finish(throwing: error)
        }
    }

    private func answerLimit(_ request: GenerationRequest) -> Int {
        min(request.maxTokens ?? .max, options.context - request.prompt.count)
    }

    /// Each image's embeddings and identity, from the cache or tile by tile through the encoder.
    private func embeddings(for job: Job) throws -> [ImageCache.Entry] {
        let all = job.request.images.reduce(0) { $0 + $1.content.tiles }
        var done = 0
        return try job.request.images.map { image in
            let content = image.content
            if let entry = images.find(content) {
                done += content.tiles
                return entry
            }
            let tileBytes = content.pixels.count / max(1, content.tiles)
            var rows: [Float] = []
            for tile in 0..<content.tiles {
                job.continuation.yield(.stage(.vision(tile: done + 1, of: all)))
                try checkCancelled(job)
                let pixels = Array(content.pixels[tile * tileBytes..<(tile + 1) * tileBytes])
                rows += try model.embed(tiles: 1, pixels: pixels, on: backend).array()
                done += 1
            }
            let hidden = model.language.shape.hidden
            guard rows.count == image.rows.count * hidden else {
                throw EngineError.imageMismatch(found: rows.count / hidden, expected: image.rows.count)
            }
            return images.insert(content, embeddings: Tensor(rows, shape: [image.rows.count, hidden]))
        }
    }

    /// Runs the prompt's rows that are not cached yet, chunk by chunk; returns the last row's logits.
    private func prefill(_ sequence: inout Sequence, _ job: Job) throws -> Tensor {
        let prompt = job.request.prompt
        var hidden: Tensor?
        while sequence.written < prompt.count {
            try checkCancelled(job)
            job.continuation.yield(.stage(.prefill(tokens: sequence.written, of: prompt.count)))
            let chunk = sequence.written..<min(prompt.count, sequence.written + options.prefillChunk)
            let x = try model.embed(
                Array(prompt[chunk]), images: try sequence.imageRows(in: chunk, on: backend), on: backend)
            hidden = try advance(&sequence, by: chunk.count, x)
        }
        guard let hidden else { throw EngineError.contextLength(prompt: 0, limit: options.context) }
        return try model.language.logits(try backend.rows(hidden, [hidden.rows - 1]), on: backend)
    }

    private func decode(_ sequence: inout Sequence, _ answer: inout Answer, _ first: Tensor) throws {
        var logits = first
        while true {
            try checkCancelled(answer.job)
            let position = sequence.written
            guard let token = try withExtendedLifetime(logits, { try answer.take(logits.values) }) else {
                throw EngineError.nonFiniteLogits(position: position)
            }
            if answer.isComplete { return }
            sequence.contents.append(.token(token))
            let hidden = try advance(&sequence, by: 1, try model.embed([token], images: [], on: backend))
            logits = try model.language.logits(hidden, on: backend)
        }
    }

    /// Runs rows `x` through the decoder at the sequence's end.
    private func advance(_ sequence: inout Sequence, by count: Int, _ x: Tensor) throws -> Tensor {
        let needed = (sequence.written + count + KVPages.pageTokens - 1) / KVPages.pageTokens
        while sequence.pages.count < needed { sequence.pages.append(try takePage()) }
        let span = SequenceSpan(rows: 0..<count, start: sequence.written, pages: sequence.pages)
        let hidden = try model.language.hidden(x, Step(spans: [span]), pages: pages, on: backend)
        sequence.written += count
        return hidden
    }

    private func takePage() throws -> Int32 {
        while true {
            if let page = pool.allocate() { return page }
            guard prefixes.evict(pool: &pool) else {
                throw EngineError.contextLength(prompt: options.context, limit: options.context)
            }
        }
    }

    /// Leaves the sequence's full pages to the prefix cache and gives back the rest.
    private func release(_ sequence: Sequence) {
        prefixes.insert(Array(sequence.contents.prefix(sequence.written)), pages: sequence.pages, pool: &pool)
        for page in sequence.pages { pool.release(page) }
    }

    private func checkCancelled(_ job: Job) throws {
        if job.isCancelled { throw CancellationError() }
    }

    private func timed<Result>(_ seconds: inout Double, _ body: () throws -> Result) rethrows -> Result {
        let start = clock.now
        defer { seconds += (clock.now - start) / .seconds(1) }
        return try body()
    }
}
