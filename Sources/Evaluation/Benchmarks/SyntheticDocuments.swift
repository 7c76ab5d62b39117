// The benchmark `synthetic`: documents drawn from a seed, spread evenly over families and levels. Draws nothing itself.

package import BenchmarkData
package import Documents
import Imaging

/// Synthetic documents of one seed and split; see docs/documents.md.
package struct SyntheticDocuments: Benchmark {
    package let settings: ItemSettings
    package var count: Int? { nil }
    private let families: [Family]
    private let generators: [DocumentGenerator]

    package static let name = DocumentSettings.benchmark

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
        settings = .documents(
            DocumentSettings(
                seed: seed, split: split.rawValue, looks: (looks ?? split).rawValue, levels: Array(levels),
                families: families.map(\.rawValue), tileSize: tileSize,
                assignment: "item i is sample i of its seed, split, level and family: "
                    + "families[i mod \(families.count)], levels[(i / \(families.count)) mod \(levels.count)]"))
    }

    package func indices(ofItems ids: Set<String>, among count: Int) throws -> [String: Int] {
        ids.reduce(into: [:]) { found, id in
            if let index = Int(id), (0..<count).contains(index) { found[id] = index }
        }
    }

    package func item(at index: Int) throws -> BenchmarkItem {
        let family = families[index % families.count]
        let generator = generators[index / families.count % generators.count]
        let sample = try generator.sample(at: UInt64(index), family: family)
        return BenchmarkItem(
            facts: ItemFacts(
                index: index,
                groups: [
                    "family": family.rawValue, "kind": sample.kind, "level": "\(generator.level)",
                    "tiles": "\(sample.tiles)", "font": sample.font, "layout": sample.layout.rawValue,
                ]),
            prompt: sample.images.indices.map { .image($0) } + [.text(sample.question)],
            images: sample.images.enumerated().map { number, image in
                ItemImage(
                    .pixels(
                        PixelImage(width: image.width, height: image.height, pixels: image.pixels),
                        name: "image \(number + 1) of item \(index)"))
            },
            answers: sample.answers)
    }
}
