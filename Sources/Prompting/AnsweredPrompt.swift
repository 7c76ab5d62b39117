// A prompt followed by its answer, as one sequence of tokens. Knows no templates, images, models or logits.

package import Tokenization

/// What a model is led through to learn an answer, or to be measured by one.
package struct AnsweredPrompt: Sendable, Equatable {
    package let prompt: [Int32]
    /// The answer's tokens as the tokenizer writes them by themselves, then the token that ends a turn.
    package let answer: [Int32]

    package init(prompt: [Int32], answer: [Int32]) {
        precondition(!prompt.isEmpty && !answer.isEmpty, "something predicts and something is predicted")
        self.prompt = prompt
        self.answer = answer
    }

    /// - Throws: when the tokenizer has no token that ends a turn.
    package init(prompt: [Int32], answer: String, tokenizer: Tokenizer) throws(PromptingError) {
        self.init(
            prompt: prompt,
            answer: tokenizer.encode(answer, controlTokens: false) + [try Self.endToken(of: tokenizer)])
    }

    package static func endToken(of tokenizer: Tokenizer) throws(PromptingError) -> Int32 {
        guard let end = tokenizer.id(ofAdded: Spelling.endOfTurn) else {
            throw .missingControlToken(Spelling.endOfTurn)
        }
        return end
    }

    /// What runs through the decoder: the end is predicted, never read.
    package var tokens: [Int32] { prompt + answer.dropLast() }

    /// Rows of `tokens` whose logits predict the answer's: each stands before the token it predicts.
    package var predictingRows: Range<Int> { prompt.count - 1..<prompt.count + answer.count - 1 }
}
