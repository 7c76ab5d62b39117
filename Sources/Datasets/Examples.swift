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

/// Synthetic documents that grow harder: first `primer` lines of large type and nothing else, because nothing can be
/// answered before letters are read; then the highest level rises to `topLevel` over `ramp` examples, and an example's
/// level is any up to it, low ones more often.
package struct SyntheticExamples: Examples {
    private let generators: [DocumentGenerator]
    private let builder: ExampleBuilder
    private let primer: UInt64
    private let ramp: UInt64
    private let turns: Int
    /// One entry for each unit of weight.
    private let families: [Family]

    /// - Parameters:
    ///   - looks: the split whose fonts and layouts are used; nil for `split`'s own.
    ///   - primer: examples of `lines` at level 0 before all others.
    ///   - ramp: examples after them until the highest level is reached; 0 for all levels from the start.
    ///   - turns: questions about a document at most, each with its answer; the first is the document's own.
    ///   - mix: how often each family is drawn.
    package init(
        seed: UInt64, split: Split, looks: Split? = nil, topLevel: Int, primer: UInt64 = 0, ramp: UInt64 = 0,
        turns: Int = 1, mix: FamilyMix = FamilyMix(),
        tileSize: Int, builder: ExampleBuilder
    ) throws(DocumentsError) {
        guard DocumentGenerator.levels.contains(topLevel) else {
            throw .badOption(name: "level", found: "\(topLevel)", expected: "0 to 4")
        }
        guard turns >= 1 else { throw .badOption(name: "turns", found: "\(turns)", expected: "1 or more") }
        var generators: [DocumentGenerator] = []
        for level in 0...topLevel {
            generators.append(
                try DocumentGenerator(seed: seed, split: split, level: level, looks: looks, tileSize: tileSize))
        }
        self.generators = generators
        self.builder = builder
        self.primer = primer
        self.ramp = ramp
        self.turns = turns
        families = mix.entries
    }

    /// One of the first `reached` levels; level l with a weight of `reached + 1 - l`, since a document of a high level costs
    /// as much as several of a low one.
    private static func level(of index: UInt64, below reached: UInt64) -> Int {
        // A multiplicative hash spreads neighbouring numbers.
        var draw = ((index &* 0x9E37_79B9_7F4A_7C15) >> 32) % (reached * (reached + 3) / 2)
        var level: UInt64 = 0
        while draw >= reached + 1 - level {
            draw -= reached + 1 - level
            level += 1
        }
        return Int(level)
    }

    package func example(at index: UInt64) throws -> LabelledExample {
        let levels = UInt64(generators.count)
        let isPrimer = index < primer
        let place = isPrimer ? 0 : index - primer
        let reached = isPrimer ? 1 : ramp == 0 ? levels : min(levels, place / max(ramp / levels, 1) + 1)
        let level = isPrimer ? 0 : Self.level(of: index, below: reached)
        let family = families[Int((index &* 0xD6E8_FEB8_6659_FD93) >> 33) % families.count]
        let sample = try generators[level].sample(at: index, family: isPrimer ? .lines : family)
        let images = sample.images.map { PixelImage(width: $0.width, height: $0.height, pixels: $0.pixels) }
        // The most wanted comes last: nothing before it can be copied from its long answer.
        let further = sample.further.prefix(turns - 1).reversed()
        let exchanges = [(sample.question, sample.answer)] + further.map { ($0.question, $0.answer) }
        return LabelledExample(
            example: try builder.example(images: images, exchanges), group: sample.family.rawValue)
    }
}
