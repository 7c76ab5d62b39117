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

    /// Runs prompts through the model, one at a time.
    /// - Parameters:
    ///   - backend: carries out the operations; bf16 activations are what the checkpoint was made for.
    ///   - progress: called with prompts done and all.
    /// - Throws: `QuantizationError` without prompts or for one that is too long, `CheckpointError`, `ComputeError`.
    package init(
        _ folder: CheckpointFolder, _ prompts: CalibrationPrompts, on backend: any Backend,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        let model = try NemotronNanoVL(folder)
        let ranges = InputRanges()
        let watched = WatchingBackend(backend) { x, weights, _ in ranges.note(x, of: weights) }
        // Pages take memory only where a prompt reaches.
        let pages = try model.makePages(
            prompts.pages(in: folder), dtype: backend.precision == .f32 ? .f32 : .bf16)
        var tokens = 0
        for index in 0..<prompts.count {
            progress(index, prompts.count)
            let sample = try prompts.sample(index, in: folder)
            let x = try sample.embedded(by: model, on: watched)
            try CalibrationSample.forEachChunk(of: x.rows, pages: pages.pages) { step, rows in
                _ = try model.language.hidden(watched.rows(x, Array(rows)), step, pages: pages, on: watched)
            }
            tokens += sample.tokens.count
        }
        progress(prompts.count, prompts.count)
        self.init(
            source: prompts.source, samples: prompts.count, tokens: tokens, largestInputs: ranges.largestInputs)
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
