// Prompts a model is watched on. Knows tokens and pixels, not where they come from.

package import Checkpoint
import Numerics

/// A prompt laid out as tokens, with the tiles whose embeddings replace some of them.
package struct CalibrationSample: Sendable {
    package struct Image: Sendable {
        /// Prompt rows that the embeddings replace.
        package let rows: [Int]
        package let tiles: Int
        /// `[tiles, 3, side, side]` bytes.
        package let pixels: [UInt8]

        package init(rows: [Int], tiles: Int, pixels: [UInt8]) {
            self.rows = rows
            self.tiles = tiles
            self.pixels = pixels
        }
    }

    package let tokens: [Int32]
    package let images: [Image]

    package init(tokens: [Int32], images: [Image] = []) {
        self.tokens = tokens
        self.images = images
    }

    /// Random tokens, after one tile of random pixels when the model has eyes: for a model without data. Activations of
    /// real prompts are larger in some channels, so ranges found this way are a rough guess.
    /// - Parameter seed: the same seed and model give the same sample.
    package static func synthetic(for folder: CheckpointFolder, seed: UInt64) -> CalibrationSample {
        var random = SplitMix64(seed: seed)
        let highest = Int32(clamping: min(folder.tokenizer.highestID, folder.language.vocabulary - 1))
        var tokens: [Int32] = []
        var images: [Image] = []
        if let vision = folder.configuration.vision {
            images.append(
                Image(
                    rows: Array(0..<vision.tokensPerTile), tiles: 1,
                    pixels: random.bytes(3 * vision.tileSize * vision.tileSize)))
            tokens += Array(repeating: 0, count: vision.tokensPerTile)
        }
        tokens += (0..<syntheticText).map { _ in Int32.random(in: 0...highest, using: &random) }
        return CalibrationSample(tokens: tokens, images: images)
    }

    /// Tokens of text in a synthetic prompt.
    private static let syntheticText = 96
}
