// Examples that are run together, and the rows of logits their targets need. Knows nothing of where examples come from.

package import Compute
import Model

/// Sequences of tokens with their images and the tokens they should be followed by.
package struct Batch: Sendable {
    package struct Example: Sendable {
        package let ids: [Int32]
        /// For each token the one that should follow it; nil where that does not count.
        package let targets: [Int32?]
        /// Pixels of the example's tiles, `[tiles, 3, side, side]`, and the rows their embeddings replace.
        package let tiles: Int
        package let pixels: [UInt8]
        package let imageRows: [Int]

        package init(
            ids: [Int32], targets: [Int32?], tiles: Int = 0, pixels: [UInt8] = [], imageRows: [Int] = []
        ) {
            self.ids = ids
            self.targets = targets
            self.tiles = tiles
            self.pixels = pixels
            self.imageRows = imageRows
        }
    }

    package let examples: [Example]
    /// One for each row of `logits(of:on:)`.
    package let targets: [Int32]

    package init(_ examples: [Example]) throws(TrainingError) {
        for example in examples where example.targets.count != example.ids.count {
            throw .shape(
                what: "targets", found: [example.targets.count],
                expected: "one for each of \(example.ids.count) tokens")
        }
        for example in examples {
            for row in example.imageRows where !example.ids.indices.contains(row) {
                throw .shape(what: "image row", found: [row], expected: "a row below \(example.ids.count)")
            }
        }
        self.examples = examples
        targets = examples.flatMap { $0.targets.compactMap { $0 } }
    }

    /// Runs the model over all examples, without padding: each is a sequence of its own.
    /// - Returns: logits of the rows that have a target, `[targets.count, vocabulary]`.
    package func logits(of model: TrainableModel, on backend: any Backend) throws(TrainingError) -> Tensor {
        try TrainingError.computing { () throws(ComputeError) in try run(model, on: backend) }
    }

    private func run(_ model: TrainableModel, on backend: any Backend) throws(ComputeError) -> Tensor {
        let network = model.network
        var ids: [Int32] = []
        var spans: [SequenceSpan] = []
        var rows: [Int] = []
        var (imageRows, pixels, tiles, pages) = ([Int](), [UInt8](), 0, 0)
        for example in examples {
            let first = ids.count
            let count = (example.ids.count + KVPages.pageTokens - 1) / KVPages.pageTokens
            spans.append(
                SequenceSpan(
                    rows: first..<first + example.ids.count, start: 0,
                    pages: (pages..<pages + count).map { Int32($0) }))
            pages += count
            rows += example.targets.indices.filter { example.targets[$0] != nil }.map { first + $0 }
            imageRows += example.imageRows.map { first + $0 }
            pixels += example.pixels
            tiles += example.tiles
            ids += example.ids
        }
        var images: [(rows: [Int], embeddings: Tensor)] = []
        if tiles > 0 {
            images.append((imageRows, try network.embed(tiles: tiles, pixels: pixels, on: backend)))
        }
        let x = try network.embed(ids, images: images, on: backend)
        let cache = try network.makePages(max(pages, 1), dtype: .f32)
        let hidden = try network.language.hidden(x, Step(spans: spans), pages: cache, on: backend)
        return try network.language.logits(try backend.rows(hidden, rows), on: backend)
    }
}
