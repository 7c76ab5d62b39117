// From images, questions and answers to tokens, targets and tiles. Knows nothing of where they come from.

package import Checkpoint
package import Imaging
package import Prompting
package import Tokenization
package import Training

/// Lays examples out for one model, as a question to it is laid out.
package struct ExampleBuilder: Sendable {
    /// Which tokens have a target.
    package enum Mask: String, Sendable, CaseIterable {
        /// Answers only, with the token that ends each.
        case prompt
        /// Every token but the places of images.
        case none
    }

    package let tokenizer: Tokenizer
    private let vision: VisionConfiguration?
    private let mask: Mask
    private let contextLimit: Int

    /// - Throws: when the tokenizer has no token that ends a turn.
    package init(for folder: CheckpointFolder, mask: Mask = .prompt) throws {
        tokenizer = try Tokenizer(contentsOf: folder.tokenizerURL)
        vision = folder.configuration.vision
        contextLimit = folder.configuration.language.maxPositions
        _ = try AnsweredPrompt.endToken(of: tokenizer)
        self.mask = mask
    }

    /// Questions with their answers, in turns; the images stand before the first question.
    package func example(
        images: [PixelImage], _ exchanges: [(question: String, answer: String)]
    ) throws -> Batch.Example {
        let messages = exchanges.enumerated().flatMap { index, exchange in
            let pictures = index == 0 ? images.indices.map { Message.Part.image($0) } : []
            return [
                Message(.user, pictures + [.text(exchange.question)]),
                Message(.assistant, [.text(exchange.answer)]),
            ]
        }
        return try example(images: images, Conversation(messages))
    }

    /// A conversation that ends with an answer; every answer of it counts.
    package func example(images: [PixelImage], _ conversation: Conversation) throws -> Batch.Example {
        guard conversation.messages.last?.role == .assistant else {
            throw DatasetError.example("a conversation", reason: "its last message is not the assistant's")
        }
        let tiles = try images.map { try cut($0) }
        var (ids, targets, imageRows) = ([Int32](), [Int32?](), [Int]())
        for (index, message) in conversation.messages.enumerated() where message.role == .assistant {
            let earlier = Conversation(Array(conversation.messages[..<index]))
            let plan = try PromptPlan(
                try Llama31Renderer().segments(for: earlier), tokenizer: tokenizer,
                tokensPerTile: vision?.tokensPerTile ?? 0, tiles: tiles.map(\.count), contextLimit: contextLimit)
            let text = message.content.map { if case .text(let text) = $0 { text } else { "" } }.joined(separator: "\n")
            let sequence = try AnsweredPrompt(prompt: plan.ids, answer: text, tokenizer: tokenizer)
            ids = sequence.tokens
            targets += Array(repeating: nil, count: max(0, sequence.predictingRows.lowerBound - targets.count))
            targets += sequence.answer.map { Optional($0) }
            imageRows = plan.imageSpans.flatMap { Array($0.positions) }
        }
        if mask == .none {
            let places = Set(imageRows)
            for row in targets.indices.dropLast() where targets[row] == nil && !places.contains(row + 1) {
                targets[row] = ids[row + 1]
            }
        }
        guard ids.count <= contextLimit else {
            throw DatasetError.example(
                "an example", reason: "\(ids.count) tokens; the model has room for \(contextLimit)")
        }
        return Batch.Example(
            ids: ids, targets: targets, tiles: tiles.reduce(0) { $0 + $1.count }, pixels: tiles.flatMap(\.bytes),
            imageRows: imageRows)
    }

    private func cut(_ image: PixelImage) throws -> Tiles {
        guard let vision else { throw DatasetError.example("an image", reason: "the model is text-only") }
        return Tiles(
            image,
            plan: try TilePlan(
                width: image.width, height: image.height, tileSize: vision.tileSize, maxTiles: vision.maxTiles,
                useThumbnail: vision.usesThumbnail))
    }
}
