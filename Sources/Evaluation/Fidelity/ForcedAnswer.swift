// A benchmark's item as tokens and tiles: what both models are led through. Knows no logits.

package import BenchmarkData
package import Monocle
package import Prompting

/// A question with its true answer, laid out as one sequence, and its images.
package struct ForcedAnswer: Sendable {
    package struct Image: Sendable {
        /// Rows of the sequence that the embeddings replace.
        package let rows: [Int]
        package let tiles: Int
        /// `[tiles, 3, side, side]` bytes.
        package let pixels: [UInt8]
    }

    package let sequence: AnsweredPrompt
    package let images: [Image]
    /// Tokens that end an answer; any of them will do in the last place.
    package let endTokens: Set<Int32>

    /// The answer's tokens, then the end token.
    package var answer: [Int32] { sequence.answer }

    package init(_ sequence: AnsweredPrompt, images: [Image] = [], endTokens: Set<Int32>) {
        self.sequence = sequence
        self.images = images
        self.endTokens = endTokens
    }

    /// The item's prompt as `ask` lays it out, then its canonical answer.
    package init(_ item: BenchmarkItem, for model: VisionLanguageModel) throws {
        let request = try model.prepare(item.inquiry(maxTokens: 1)).request
        let sequence = try AnsweredPrompt(
            prompt: request.prompt, answer: item.answers.first ?? "", tokenizer: model.tokenizer)
        guard let end = sequence.answer.last, request.stopTokens.contains(end) else {
            throw EvaluationError.option(
                name: "the model's end token", found: "not \(Spelling.endOfTurn)",
                expected: "\(Spelling.endOfTurn), which ends a turn")
        }
        let count = sequence.prompt.count + sequence.answer.count
        guard count <= model.context else {
            throw EvaluationError.option(
                name: "the length of item \(item.facts.index)", found: "\(count) tokens",
                expected: "at most \(model.context)")
        }
        self.init(
            sequence,
            images: request.images.map {
                Image(rows: $0.rows, tiles: $0.content.tiles, pixels: $0.content.pixels)
            },
            endTokens: request.stopTokens)
    }

    /// Whether greedy decoding writes exactly this answer: each choice is the true token, and the last ends the turn.
    package func isWritten(by choices: [Int32]) -> Bool {
        choices.count == answer.count && choices.dropLast().elementsEqual(answer.dropLast())
            && choices.last.map(endTokens.contains) ?? false
    }
}
