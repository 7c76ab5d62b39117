// Who answers a benchmark's questions: the library's model, or a stand-in. Knows no scores.

import Imaging
package import Monocle

/// What came back for one item.
package struct Reply: Sendable, Equatable {
    package let text: String
    /// Generated tokens, the end token included.
    package let tokens: Int
    package let finishReason: String

    package init(text: String, tokens: Int, finishReason: String) {
        self.text = text
        self.tokens = tokens
        self.finishReason = finishReason
    }
}

package protocol Respondent: Sendable {
    func reply(to item: BenchmarkItem, maxTokens: Int) async throws -> Reply
}

extension BenchmarkItem {
    /// The item as a question to the model: its images in order, then its text, answered greedily whatever the
    /// model's folder recommends.
    func inquiry(maxTokens: Int) -> Inquiry {
        Inquiry(
            .question(question, system: nil),
            sources: images.enumerated().map { number, image in
                Inquiry.Source(.pixels(image, name: "image \(number + 1) of item \(facts.index)"), detail: .auto)
            },
            answer: AnswerOptions(
                temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxTokens: maxTokens))
    }
}

extension VisionLanguageModel: Respondent {
    package func reply(to item: BenchmarkItem, maxTokens: Int) async throws -> Reply {
        for try await event in stream(item.inquiry(maxTokens: maxTokens)) {
            if case .finished(let answer) = event {
                return Reply(
                    text: answer.text, tokens: answer.tokenIDs.count, finishReason: answer.finishReason.rawValue)
            }
        }
        throw CancellationError()
    }
}
