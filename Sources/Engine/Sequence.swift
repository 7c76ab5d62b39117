// One request's place in the key-value cache. Knows contents and pages, not text.

import Compute

/// Tokens of a prompt and its answer so far, and the pages that hold their keys and values.
struct Sequence {
    /// Every position's content: prompt, then generated tokens.
    var contents: [PrefixCache.Content]
    var pages: [Int32] = []
    /// Positions whose keys and values are in the pages.
    var written = 0
    private let images: [(rows: [Int], entry: ImageCache.Entry)]

    init(request: GenerationRequest, images found: [ImageCache.Entry]) {
        contents = request.prompt.map { .token($0) }
        images = zip(request.images, found).map { ($0.rows, $1) }
        for image in images {
            for (index, row) in image.rows.enumerated() {
                contents[row] = .image(identity: image.entry.identity, row: index)
            }
        }
    }

    /// Image embeddings that fall into a chunk of the prompt, with their rows counted from the chunk's start.
    func imageRows(
        in chunk: Range<Int>, on backend: any Backend
    ) throws(ComputeError) -> [(rows: [Int], embeddings: Tensor)] {
        var result: [(rows: [Int], embeddings: Tensor)] = []
        for image in images {
            let inside = image.rows.indices.filter { chunk.contains(image.rows[$0]) }
            guard !inside.isEmpty else { continue }
            let embeddings = try backend.rows(image.entry.embeddings, inside)
            result.append((inside.map { image.rows[$0] - chunk.lowerBound }, embeddings))
        }
        return result
    }
}
