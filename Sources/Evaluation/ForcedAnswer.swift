// A prompt followed by its true answer, as tokens: what both models are led through. Knows no logits.

package import Monocle
import Prompting

/// A question with its true answer, laid out as one sequence.
package struct ForcedAnswer: Sendable {
    package struct Image: Sendable {
        /// Rows of the sequence that the embeddings replace.
        package let rows: [Int]
        package let tiles: Int
        /// `[tiles, 3, side, side]` bytes.
        package let pixels: [UInt8]
    }

    package let prompt: [Int32]
    /// The answer's tokens, then the end token.
    package let answer: [Int32]
    package let images: [Image]
    /// Tokens that end an answer; any of them will do in the last place.
    package let endTokens: Set<Int32>

    /// What runs through the decoder: the end token is predicted, never read.
    package var tokens: [Int32] { prompt + answer.dropLast() }
    /// Rows whose logits predict the answer's tokens.
    package var predictingRows: Range<Int> { prompt.count - 1..<prompt.count + answer.count - 1 }

    package init(prompt: [Int32], answer: [Int32], images: [Image] = [], endTokens: Set<Int32>) {
        precondition(!prompt.isEmpty && !answer.isEmpty, "something predicts and something is predicted")
        self.prompt = prompt
        self.answer = answer
        self.images = images
        self.endTokens = endTokens
    }

    /// The item's prompt as `ask` lays it out, then its canonical answer as the tokenizer writes it by itself, then
    /// the end of the turn.
    package init(_ item: BenchmarkItem, for model: VisionLanguageModel) throws {
        let request = try model.prepare(item.inquiry(maxTokens: 1)).request
        guard let end = model.tokenizer.id(ofAdded: Spelling.endOfTurn), request.stopTokens.contains(end) else {
            throw EvaluationError.option(
                name: "the model's end token", found: "not \(Spelling.endOfTurn)",
                expected: "\(Spelling.endOfTurn), which ends a turn")
        }
        let answer = model.tokenizer.encode(item.answers[0], controlTokens: false) + [end]
        guard request.prompt.count + answer.count <= model.context else {
            throw EvaluationError.option(
                name: "the length of item \(item.facts.index)", found: "\(request.prompt.count + answer.count) tokens",
                expected: "at most \(model.context)")
        }
        self.init(
            prompt: request.prompt, answer: answer,
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
