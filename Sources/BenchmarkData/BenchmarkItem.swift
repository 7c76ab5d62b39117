// One question of a benchmark: a prompt with its images in order, and what its reply is scored by. Knows no rule.

package import Imaging
package import Scoring

/// What names an item and what results are grouped by.
package struct ItemFacts: Codable, Sendable, Equatable {
    /// Place in the benchmark, from 0.
    package let index: Int
    /// The benchmark's own name of the item, or else the index.
    package let id: String
    /// Columns that results are grouped by: `category`, `split`, `family`, `level`, ...
    package let groups: [String: String]
    /// Items with the same one (a page, a chart, a video) are not independent; nil when the item stands alone.
    package let cluster: String?

    package init(index: Int, id: String? = nil, groups: [String: String], cluster: String? = nil) {
        self.index = index
        self.id = id ?? "\(index)"
        self.groups = groups
        self.cluster = cluster
    }
}

/// A piece of a prompt, in the order in which the model reads it.
package enum PromptPart: Sendable, Equatable {
    case text(String)
    /// By its place among the item's images.
    case image(Int)
}

/// An image of an item, or a video, which is one image whose tiles are its frames.
package struct ItemImage: Sendable {
    package let source: ImageSource
    /// How much of the tile budget it may take; a frame of a video is one tile.
    package let detail: Detail
    /// Which frames of a video are looked at; nil for an image.
    package let frames: FrameSelection?

    package init(_ source: ImageSource, detail: Detail = .auto, frames: FrameSelection? = nil) {
        self.source = source
        self.detail = detail
        self.frames = frames
    }
}

package struct BenchmarkItem: Sendable {
    package let facts: ItemFacts
    package let prompt: [PromptPart]
    package let images: [ItemImage]
    /// Every accepted answer; the first is the canonical one. What a person is shown as gold.
    package let answers: [String]
    /// What the reply is scored by; nil where the answers are all that counts.
    package let gold: ScoringItem?

    package init(
        facts: ItemFacts, prompt: [PromptPart], images: [ItemImage], answers: [String], gold: ScoringItem? = nil
    ) {
        self.facts = facts
        self.prompt = prompt
        self.images = images
        self.answers = answers
        self.gold = gold
    }

    /// The prompt's text without its images.
    package var text: String {
        prompt.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}
