// What every answer and chunk of the completion routes is wrapped in. Knows nothing of its choices.

/// One of an answer's choices, in the form of its route.
package protocol AnswerChoice: Sendable, Encodable {
    /// OpenAI's name for an answer of such choices.
    static var object: String { get }
}

package struct AnswerEnvelope<Choice: AnswerChoice>: Sendable, Encodable {
    package let id: String
    package let object = Choice.object
    package let created: Int
    package let model: String
    package let choices: [Choice]
    package let usage: TokenUsage?
    package let timings: RequestTimings?

    package init(
        id: String, created: Int, model: String, choices: [Choice], usage: TokenUsage? = nil,
        timings: RequestTimings? = nil
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.choices = choices
        self.usage = usage
        self.timings = timings
    }
}
