// A prompt as token ids with the places of its images. Knows no templates, pixels or model.

package import Tokenization

/// Token ids of a prompt. An image is `<img>`, one `<image>` for each of its embeddings, `</img>`.
package struct PromptPlan: Sendable, Equatable {
    /// The positions in `ids` that the embeddings of one image replace.
    package struct ImageSpan: Sendable, Equatable {
        /// Place in the list of images.
        package let image: Int
        /// Positions of `<image>` tokens: tiles × tokens per tile.
        package let positions: Range<Int>
    }

    package let ids: [Int32]
    /// In order of position.
    package let imageSpans: [ImageSpan]
    /// Tokens of ordinary text.
    package let textTokens: Int
    /// Control tokens, `<img>` and `</img>` included.
    package let controlTokens: Int
    /// `<image>` tokens that embeddings replace.
    package let imageTokens: Int

    /// Lays out a prompt.
    /// - Parameters:
    ///   - tokensPerTile: embeddings of one tile.
    ///   - tiles: for each image, how many tiles it is cut into.
    ///   - contextLimit: tokens of prompt and answer together; the prompt must leave room for one. Nil is no limit.
    ///   - special: whether control tokens spelled in text are parsed (vLLM's behaviour).
    package init(
        _ segments: [Segment], tokenizer: Tokenizer, tokensPerTile: Int, tiles: [Int], contextLimit: Int? = nil,
        special: Bool = false
    ) throws(PromptingError) {
        let imageIDs = try Self.imageIDs(segments, tokenizer)
        var ids: [Int32] = []
        var spans: [ImageSpan] = []
        var text = 0, control = 0, image = 0
        var placed = [Bool](repeating: false, count: tiles.count)

        for segment in Self.joined(segments) {
            switch segment {
            case .control(let spelling):
                guard let id = tokenizer.id(ofAdded: spelling) else { throw .missingControlToken(spelling) }
                ids.append(id)
                control += 1
            case .text(let string):
                let encoded = tokenizer.encode(string, controlTokens: special)
                let parsed = special ? encoded.count(where: tokenizer.isSpecial) : 0
                control += parsed
                text += encoded.count - parsed
                ids += encoded
            case .image(let index):
                guard tiles.indices.contains(index) else { throw .noSuchImage(index: index, count: tiles.count) }
                placed[index] = true
                let (count, overflow) = tiles[index].multipliedReportingOverflow(by: tokensPerTile)
                guard tiles[index] > 0, tokensPerTile > 0, !overflow, count <= 1 << 24 else {
                    throw .tileCount(image: index, tiles: tiles[index], tokensPerTile: tokensPerTile)
                }
                image += count
                control += 2
                ids.append(imageIDs.start)
                spans.append(ImageSpan(image: index, positions: ids.count..<ids.count + count))
                ids.append(contentsOf: repeatElement(imageIDs.image, count: count))
                ids.append(imageIDs.end)
            }
        }
        if let index = placed.firstIndex(of: false) { throw .imageNotPlaced(index: index, count: tiles.count) }
        if let contextLimit, ids.count >= contextLimit {
            throw .tooLong(text: text, control: control, image: image, limit: contextLimit)
        }
        self.ids = ids
        imageSpans = spans
        textTokens = text
        controlTokens = control
        imageTokens = image
    }

    /// Neighbouring texts as one, because tokens may span the border.
    private static func joined(_ segments: [Segment]) -> [Segment] {
        var result: [Segment] = []
        for segment in segments { result.join(segment) }
        return result
    }

    /// Ids of the three image tokens, which must exist only when there are images.
    private static func imageIDs(
        _ segments: [Segment], _ tokenizer: Tokenizer
    ) throws(PromptingError) -> (start: Int32, image: Int32, end: Int32) {
        let hasImages = segments.contains { if case .image = $0 { true } else { false } }
        guard hasImages else { return (-1, -1, -1) }
        let spellings = [Spelling.imageStart, Spelling.image, Spelling.imageEnd]
        let ids = spellings.map { tokenizer.id(ofAdded: $0) }
        guard let start = ids[0], let image = ids[1], let end = ids[2] else {
            throw .missingImageTokens(zip(spellings, ids).filter { $0.1 == nil }.map(\.0))
        }
        return (start, image, end)
    }
}
