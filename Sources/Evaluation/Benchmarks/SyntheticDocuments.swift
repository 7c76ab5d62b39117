// The benchmark `synthetic`: documents drawn from a seed, spread evenly over families and levels. Draws nothing itself.

package import Documents
import Imaging

/// Synthetic documents of one seed and split; see docs/documents.md.
package struct SyntheticDocuments: Benchmark {
    package struct Settings: Codable, Sendable, Equatable {
        package let benchmark: String
        package let seed: UInt64
        package let split: String
        /// Whose fonts and layouts are used.
        package let looks: String
        package let levels: [Int]
        package let families: [String]
        package let tileSize: Int
        /// Which family and level item i has, in words.
        package let assignment: String
    }

    package let settings: Settings
    private let families: [Family]
    private let generators: [DocumentGenerator]

    package static let name = "synthetic"

    /// - Parameters:
    ///   - looks: the split whose fonts and layouts to use; nil for the split's own.
    ///   - levels: spread evenly.
    ///   - family: nil for all, spread evenly.
    ///   - tileSize: side in pixels of the tiles that images are made of.
    package init(
        seed: UInt64, split: Split, looks: Split? = nil, levels: ClosedRange<Int> = DocumentGenerator.levels,
        family: Family? = nil, tileSize: Int = 128
    ) throws(DocumentsError) {
        families = family.map { [$0] } ?? Family.standard
        var generators: [DocumentGenerator] = []
        for level in levels {
            generators.append(
                try DocumentGenerator(seed: seed, split: split, level: level, looks: looks, tileSize: tileSize))
        }
        self.generators = generators
        settings = Settings(
            benchmark: Self.name, seed: seed, split: split.rawValue, looks: (looks ?? split).rawValue,
            levels: Array(levels), families: families.map(\.rawValue), tileSize: tileSize,
            assignment: "item i is sample i of its seed, split, level and family: "
                + "families[i mod \(families.count)], levels[(i / \(families.count)) mod \(levels.count)]")
    }

    package func item(at index: Int) throws -> BenchmarkItem {
        let family = families[index % families.count]
        let generator = generators[index / families.count % generators.count]
        let sample = try generator.sample(at: UInt64(index), family: family)
        return BenchmarkItem(
            facts: ItemFacts(
                index: index, family: family.rawValue, kind: sample.kind, level: generator.level, tiles: sample.tiles,
                font: sample.font, layout: sample.layout.rawValue),
            images: sample.images.map { PixelImage(width: $0.width, height: $0.height, pixels: $0.pixels) },
            question: sample.question, answers: sample.answers)
    }

    package var rule: String { ExactMatch.rule }

    package func isCorrect(_ reply: String, for item: BenchmarkItem) -> Bool {
        ExactMatch.matches(reply, item.answers)
    }
}
