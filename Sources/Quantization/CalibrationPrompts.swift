// The prompts of a calibration, asked for one by one. Knows how many there are, not where they come from.

import Checkpoint
import Compute
import Model

/// Prompts to watch a model on.
package struct CalibrationPrompts {
    /// What they are, for the report: a name of a file or a folder, or `synthetic`.
    package let source: String
    package let count: Int
    private let make: (Int) throws -> CalibrationSample

    /// - Parameter sample: the prompt at a place in 0 ..< count; it is asked for when its turn comes.
    /// - Throws: when there is none.
    package init(
        source: String, count: Int, sample: @escaping (Int) throws -> CalibrationSample
    ) throws(QuantizationError) {
        guard count > 0 else { throw .calibration("\(source) holds no prompt") }
        self.source = source
        self.count = count
        make = sample
    }

    private static func limit(of folder: CheckpointFolder) -> Int {
        min(folder.configuration.language.maxPositions, ModelConfiguration.statedContext)
    }

    /// Pages of a key-value cache that holds any one of them.
    func pages(in folder: CheckpointFolder) -> Int {
        (Self.limit(of: folder) + KVPages.pageTokens - 1) / KVPages.pageTokens
    }

    /// - Throws: for a prompt the model has no room for.
    func sample(_ index: Int, in folder: CheckpointFolder) throws -> CalibrationSample {
        let sample = try make(index)
        let limit = Self.limit(of: folder)
        guard (1...limit).contains(sample.tokens.count) else {
            throw QuantizationError.calibration(
                "prompt \(index + 1) of \(source) has \(sample.tokens.count) tokens; expected 1 to \(limit)")
        }
        return sample
    }
}

extension CalibrationSample {
    /// `[tokens, hidden]`: what the decoder's first layer reads.
    func embedded(by model: NemotronNanoVL, on backend: any Backend) throws(ComputeError) -> Tensor {
        var x = try model.language.embed(tokens, on: backend)
        for image in images {
            let embeddings = try model.embed(tiles: image.tiles, pixels: image.pixels, on: backend)
            x = try backend.replacingRows(x, at: image.rows, with: embeddings)
        }
        return x
    }

    /// Rows of a prompt that run through a layer at once: bounds the memory of activations.
    private static let chunk = 512

    /// Calls `body` for the rows of one prompt, chunk after chunk, with the step they make.
    static func forEachChunk<E: Error>(
        of rows: Int, pages: Int, _ body: (Step, Range<Int>) throws(E) -> Void
    ) throws(E) {
        let places = (0..<Int32(clamping: pages)).map { $0 }
        for start in stride(from: 0, to: rows, by: chunk) {
            let range = start..<min(start + chunk, rows)
            try body(
                Step(spans: [SequenceSpan(rows: 0..<range.count, start: start, pages: places)]), range)
        }
    }
}
