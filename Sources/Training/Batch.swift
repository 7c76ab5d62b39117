// Examples that are run together, and the rows of logits their targets need. Knows nothing of where examples come from.

package import Compute
package import Model

/// Sequences of tokens with their images and the tokens they should be followed by, packed side by side.
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

    /// One for each row of `logits(of:images:on:)`.
    package let targets: [Int32]
    /// The rows of logits of each example.
    package let exampleRows: [Range<Int>]
    package let tiles: Int
    /// Tokens of all sequences.
    package var tokens: Int { pack.ids.count }
    private let pack: SequencePack
    private let pixels: [UInt8]

    package init(_ examples: [Example]) throws(TrainingError) {
        var (pack, targets) = (SequencePack(), [Int32]())
        var exampleRows: [Range<Int>] = []
        var pixels: [UInt8] = []
        pixels.reserveCapacity(examples.reduce(0) { $0 + $1.pixels.count })
        for example in examples {
            guard example.targets.count == example.ids.count else {
                throw .shape(
                    what: "targets", found: [example.targets.count],
                    expected: "one for each of \(example.ids.count) tokens")
            }
            if let row = example.imageRows.first(where: { !example.ids.indices.contains($0) }) {
                throw .shape(what: "image row", found: [row], expected: "a row below \(example.ids.count)")
            }
            let counted = example.targets.indices.filter { example.targets[$0] != nil }
            pack.append(example.ids, imageRows: example.imageRows, wantedRows: counted)
            exampleRows.append(targets.count..<targets.count + counted.count)
            targets += example.targets.compactMap(\.self)
            pixels += example.pixels
        }
        self.pack = pack
        self.pixels = pixels
        self.targets = targets
        self.exampleRows = exampleRows
        tiles = examples.reduce(0) { $0 + $1.tiles }
    }

    /// Embeddings of all tiles, `[tiles * tokensPerTile, hidden]`; nil for a batch without images.
    package func embeddings(of network: NemotronNanoVL, on backend: any Backend) throws(TrainingError) -> Tensor? {
        guard tiles > 0 else { return nil }
        return try TrainingError.computing { () throws(ComputeError) in
            try network.embed(tiles: tiles, pixels: pixels, on: backend)
        }
    }

    /// Runs the model over all examples, without padding: each is a sequence of its own.
    /// - Parameter images: `embeddings(of:on:)`.
    /// - Returns: logits of the rows that have a target, `[targets.count, vocabulary]`.
    package func logits(
        of network: NemotronNanoVL, images: Tensor?, on backend: any Backend
    ) throws(TrainingError) -> Tensor {
        try TrainingError.computing { () throws(ComputeError) in
            try pack.logits(of: network, images: images, keysAndValuesIn: .f32, on: backend)
        }
    }

    /// Embeds the images and runs the model.
    package func logits(of network: NemotronNanoVL, on backend: any Backend) throws(TrainingError) -> Tensor {
        try logits(of: network, images: try embeddings(of: network, on: backend), on: backend)
    }
}
