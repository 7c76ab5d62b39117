// Numbered examples: where training data comes from. Knows nothing of batches or threads.

package import Documents
import Imaging
package import Training

/// An example and the group that figures are told by.
package struct LabelledExample: Sendable {
    package let example: Batch.Example
    package let group: String

    package init(example: Batch.Example, group: String) {
        self.example = example
        self.group = group
    }
}

/// An endless, numbered supply of examples; number n is the same whoever asks, and whenever.
package protocol Examples: Sendable {
    func example(at index: UInt64) throws -> LabelledExample
}

/// Synthetic documents that grow harder: the highest level rises to `topLevel` over the first `ramp` examples, and an
/// example's level is any up to it.
package struct SyntheticExamples: Examples {
    private let generators: [DocumentGenerator]
    private let builder: ExampleBuilder
    private let ramp: UInt64

    /// - Parameters:
    ///   - ramp: examples until the highest level is reached; 0 for all levels from the start.
    package init(
        seed: UInt64, split: Split, topLevel: Int, ramp: UInt64, tileSize: Int, builder: ExampleBuilder
    ) throws(DocumentsError) {
        guard DocumentGenerator.levels.contains(topLevel) else {
            throw .badOption(name: "level", found: "\(topLevel)", expected: "0 to 4")
        }
        var generators: [DocumentGenerator] = []
        for level in 0...topLevel {
            generators.append(try DocumentGenerator(seed: seed, split: split, level: level, tileSize: tileSize))
        }
        self.generators = generators
        self.builder = builder
        self.ramp = ramp
    }

    package func example(at index: UInt64) throws -> LabelledExample {
        let levels = UInt64(generators.count)
        let reached = ramp == 0 ? levels : min(levels, index / max(ramp / levels, 1) + 1)
        // A multiplicative hash spreads neighbouring numbers over the levels.
        let level = Int((index &* 0x9E37_79B9_7F4A_7C15 >> 32) % reached)
        let sample = try generators[level].sample(at: index)
        let images = sample.images.map { PixelImage(width: $0.width, height: $0.height, pixels: $0.pixels) }
        return LabelledExample(
            example: try builder.example(images: images, question: sample.question, answer: sample.answer),
            group: sample.family.rawValue)
    }
}
