// Finding the range of every linear layer's input by running the model. Knows prompts and ranges, not scales.

package import Checkpoint
package import Compute
import Model
import Numerics

/// The largest magnitude that went into each linear layer.
package struct Calibration: Sendable, Hashable {
    /// What the samples were, for the report: a file's name, or `synthetic`.
    package let source: String
    package let samples: Int
    package let tokens: Int
    /// By the layer's path.
    package let largestInputs: [String: Float]

    package init(source: String, samples: Int, tokens: Int, largestInputs: [String: Float]) {
        self.source = source
        self.samples = samples
        self.tokens = tokens
        self.largestInputs = largestInputs
    }

    /// Rows of a prompt that run through the decoder at once: bounds the memory of activations.
    private static let chunk = 512

    /// Runs prompts through the model, one at a time.
    /// - Parameters:
    ///   - count: how many prompts there are.
    ///   - sample: the prompt at a place in 0 ..< count; it is asked for when its turn comes.
    ///   - backend: carries out the operations; bf16 activations are what the checkpoint was made for.
    ///   - progress: called with prompts done and all.
    /// - Throws: `QuantizationError` without prompts or for one that is too long, `CheckpointError`, `ComputeError`.
    package init(
        _ folder: CheckpointFolder, count: Int, source: String, on backend: any Backend,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, sample: (Int) throws -> CalibrationSample
    ) throws {
        guard count > 0 else { throw QuantizationError.calibration("\(source) holds no prompt") }
        let model = try NemotronNanoVL(folder)
        let watched = CalibratingBackend(backend)
        let limit = min(folder.configuration.language.maxPositions, ModelConfiguration.statedContext)
        // Pages take memory only where a prompt reaches.
        let pages = try model.makePages(
            (limit + KVPages.pageTokens - 1) / KVPages.pageTokens, dtype: backend.precision == .f32 ? .f32 : .bf16)
        var tokens = 0
        for index in 0..<count {
            progress(index, count)
            let sample = try sample(index)
            guard (1...limit).contains(sample.tokens.count) else {
                throw QuantizationError.calibration(
                    "prompt \(index + 1) of \(source) has \(sample.tokens.count) tokens; expected 1 to \(limit)")
            }
            try Self.run(sample, model, pages, on: watched)
            tokens += sample.tokens.count
        }
        progress(count, count)
        self.init(source: source, samples: count, tokens: tokens, largestInputs: watched.largestInputs)
    }

    private static func run(
        _ sample: CalibrationSample, _ model: NemotronNanoVL, _ pages: KVPages, on backend: any Backend
    ) throws {
        var x = try model.language.embed(sample.tokens, on: backend)
        for image in sample.images {
            let embeddings = try model.embed(tiles: image.tiles, pixels: image.pixels, on: backend)
            x = try backend.replacingRows(x, at: image.rows, with: embeddings)
        }
        let places = (0..<Int32(clamping: pages.pages)).map { $0 }
        for start in stride(from: 0, to: x.rows, by: chunk) {
            let rows = try backend.rows(x, Array(start..<min(start + chunk, x.rows)))
            let step = Step(spans: [SequenceSpan(rows: 0..<rows.rows, start: start, pages: places)])
            _ = try model.language.hidden(rows, step, pages: pages, on: backend)
        }
    }

    /// The largest input of any of `layers`, which read the same activations.
    func largestInput(of layers: [String]) throws(QuantizationError) -> Float {
        var largest: Float = 0
        for layer in layers {
            guard let found = largestInputs[layer] else { throw .calibration("no input of '\(layer)' was seen") }
            guard found.isFinite else {
                throw .calibration(
                    "the inputs of '\(layer)' reach \(found) on \(source); expected finite activations"
                )
            }
            largest = max(largest, found)
        }
        guard largest > 0 else {
            throw .calibration(
                "all inputs of '\(layers.joined(separator: "', '"))' are 0 on \(source); no scale fits them")
        }
        return largest
    }
}
