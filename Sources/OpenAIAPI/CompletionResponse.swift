// Text completions as OpenAI writes them; a chunk has the same form. Knows their form, not how they come about.

package typealias CompletionResponse = AnswerEnvelope<CompletionChoice>

package struct CompletionChoice: AnswerChoice {
    package static let object = "text_completion"

    package struct Logprobs: Sendable, Encodable {
        package var tokens: [String] = []
        package var tokenLogprobs: [Float] = []
        package var topLogprobs: [[String: Float]] = []
        package var textOffset: [Int] = []

        package init() {}
    }

    package let index: Int
    package let text: String
    package let logprobs: Logprobs?
    package let finishReason: FinishReason?

    package init(index: Int, text: String, logprobs: Logprobs?, finishReason: FinishReason?) {
        self.index = index
        self.text = text
        self.logprobs = logprobs
        self.finishReason = finishReason
    }

    private enum CodingKeys: CodingKey { case index, text, logprobs, finishReason }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        try container.encode(text, forKey: .text)
        try container.encode(logprobs, forKey: .logprobs)
        try container.encode(finishReason, forKey: .finishReason)
    }
}
