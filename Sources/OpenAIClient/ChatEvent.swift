// What a streamed chat completion says, piece by piece, and the answer they make together. Knows OpenAI's form of chunks.

import JSONText

package enum ChatEvent: Sendable, Equatable {
    /// More of the answer, of one or more tokens.
    case text(String)
    /// `stop`, `length` and others.
    case finished(reason: String)
    case usage(promptTokens: Int, completionTokens: Int)

    /// The events of one chunk.
    /// - Throws: `ClientError.failed` when the chunk is an error, `malformed` when it is no chunk.
    static func events(of data: [UInt8]) throws(ClientError) -> [ChatEvent] {
        let json = try ClientError.json(data)
        if let error = Refusal.Reason(json) { throw .failed(error) }
        guard let choices = json["choices"]?.elements else { throw .malformed("an event without choices") }
        var events: [ChatEvent] = []
        for choice in choices {
            if let text = choice["delta"]?["content"]?.text, !text.isEmpty { events.append(.text(text)) }
            if let reason = choice["finish_reason"]?.text { events.append(.finished(reason: reason)) }
        }
        if let usage = json["usage"], let prompt = usage["prompt_tokens"]?.wholeNumber,
            let completion = usage["completion_tokens"]?.wholeNumber
        {
            events.append(.usage(promptTokens: prompt, completionTokens: completion))
        }
        return events
    }
}

/// A whole answer.
package struct ChatAnswer: Sendable, Equatable {
    package var text = ""
    package var finishReason = ""
    /// As the server counted them; nil where it does not say.
    package var promptTokens: Int?
    package var completionTokens: Int?

    package init() {}

    package mutating func take(_ event: ChatEvent) {
        switch event {
        case .text(let more): text += more
        case .finished(let reason): finishReason = reason
        case .usage(let prompt, let completion): (promptTokens, completionTokens) = (prompt, completion)
        }
    }
}
