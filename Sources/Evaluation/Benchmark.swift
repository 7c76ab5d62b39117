// What a benchmark is: numbered questions about images, and the rule that scores a reply. Knows no model and no files.

package import Imaging

/// What is known of an item beside its question: the columns results are grouped by.
package struct ItemFacts: Codable, Sendable, Equatable {
    package let index: Int
    package let family: String
    /// What the question asks for.
    package let kind: String
    package let level: Int
    package let tiles: Int
    package let font: String
    package let layout: String

    package init(
        index: Int, family: String, kind: String, level: Int, tiles: Int, font: String, layout: String
    ) {
        self.index = index
        self.family = family
        self.kind = kind
        self.level = level
        self.tiles = tiles
        self.font = font
        self.layout = layout
    }
}

/// One question with its images, in the order in which the model sees them.
package struct BenchmarkItem: Sendable {
    package let facts: ItemFacts
    package let images: [PixelImage]
    package let question: String
    /// Every accepted answer; the first is the canonical one.
    package let answers: [String]

    package init(facts: ItemFacts, images: [PixelImage], question: String, answers: [String]) {
        self.facts = facts
        self.images = images
        self.question = question
        self.answers = answers
    }
}

/// Numbered items and their score. One file under `Benchmarks/` for each conformance.
package protocol Benchmark: Sendable {
    associatedtype Settings: Codable & Sendable & Equatable

    /// All that decides what item number n is; two results with equal settings are about the same items.
    var settings: Settings { get }

    func item(at index: Int) throws -> BenchmarkItem

    /// How `isCorrect` decides, for the header of a result file.
    var rule: String { get }

    func isCorrect(_ reply: String, for item: BenchmarkItem) -> Bool
}
