// All prompts between two layers of the decoder, and the step to the next. Knows layers, not what is done to them.

import Checkpoint
import Compute
import Model
import Numerics

/// What the next layer reads, for every prompt, kept as bf16.
final class LayerWalk {
    let model: NemotronNanoVL
    private(set) var samples = 0
    private(set) var tokens = 0
    private let pages: KVPages
    private let backend: any Backend
    /// bf16 `[tokens, hidden]`, by prompt.
    private var states: [[UInt16]] = []

    /// Bytes of states kept at most: 65536 tokens of 4096.
    static let limit = 512 << 20

    /// Embeds prompts, as many as fit in `limit` bytes, at least one.
    init(
        _ folder: CheckpointFolder, _ prompts: CalibrationPrompts, on backend: any Backend, limit: Int = limit,
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws {
        model = try NemotronNanoVL(folder)
        self.backend = backend
        let shape = model.language.shape
        pages = try KVPages(
            layers: 1, kvHeads: shape.keyValueHeads, headDim: shape.headDimension, pages: prompts.pages(in: folder),
            dtype: backend.precision == .f32 ? .f32 : .bf16)
        for index in 0..<prompts.count {
            progress(index, prompts.count)
            let sample = try prompts.sample(index, in: folder)
            guard samples == 0 || (tokens + sample.tokens.count) * shape.hidden * 2 <= limit else { break }
            states.append(Self.bits(try sample.embedded(by: model, on: backend)))
            samples += 1
            tokens += sample.tokens.count
        }
        progress(prompts.count, prompts.count)
    }

    /// The same prompts at the same layer, to be taken another way.
    init(copying other: LayerWalk) {
        (model, pages, backend, states) = (other.model, other.pages, other.backend, other.states)
        (samples, tokens) = (other.samples, other.tokens)
    }

    /// Runs a layer over all prompts.
    /// - Parameter advance: whether what it gives is what the next layer reads.
    func run(_ layer: LlamaLayer, advance: Bool, watch: @escaping WatchingBackend.Watch) throws(ComputeError) {
        let watched = WatchingBackend(backend, watch: watch)
        let hidden = model.language.shape.hidden
        for prompt in states.indices {
            let rows = states[prompt].count / hidden
            try CalibrationSample.forEachChunk(of: rows, pages: pages.pages) {
                (step, range) throws(ComputeError) in
                let x = Tensor.matrix(range.count, hidden)
                states[prompt].withUnsafeBufferPointer { bits in
                    for index in 0..<range.count * hidden {
                        x.pointer[index] = BFloat16(bits: bits[range.lowerBound * hidden + index]).float
                    }
                }
                let result = try model.language.run(layer, x, step, pages: pages, on: watched)
                guard advance else { return }
                states[prompt].replaceSubrange(
                    range.lowerBound * hidden..<range.upperBound * hidden, with: Self.bits(result))
            }
        }
    }

    private static func bits(_ x: Tensor) -> [UInt16] {
        withExtendedLifetime(x.storage) { x.values.map { BFloat16($0).bits } }
    }
}
