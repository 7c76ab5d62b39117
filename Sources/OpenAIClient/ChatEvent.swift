// What a chat completion says, piece by piece or all at once, and the answer that the pieces make together. Knows OpenAI's
// form of chunks and completions.

import JSONText

package enum ChatEvent: Sendable, Equatable {
    /// More of the answer, of one or more tokens.
    case text(String)
    /// `stop`, `length` and others.
    case finished(reason: String)
    case usage(promptTokens: Int, completionTokens: Int)

    /// The events of one chunk of a stream.
    /// - Throws: `ClientError.failed` when the chunk is an error, `malformed` when it is no chunk.
    static func events(of data: [UInt8]) throws(ClientError) -> [ChatEvent] {
        let json = try json(data)
        guard let choices = json["choices"]?.elements else { throw .malformed("an event without choices") }
        var events: [ChatEvent] = []
        for choice in choices {
            if let text = choice["delta"]?["content"]?.text, !text.isEmpty { events.append(.text(text)) }
            if let reason = choice["finish_reason"]?.text { events.append(.finished(reason: reason)) }
        }
        return events + usage(json)
    }

    /// The events of a completion that came whole, from a server that does not stream.
    /// - Throws: `ClientError.failed` when it is an error, `malformed` when it is no completion with a text.
    static func events(ofWhole data: [UInt8]) throws(ClientError) -> [ChatEvent] {
        let json = try json(data)
        guard let choice = json["choices"]?.elements?.first, let text = choice["message"]?["content"]?.text else {
            throw .noCompletion(data)
        }
        var events: [ChatEvent] = [.text(text)]
        if let reason = choice["finish_reason"]?.text { events.append(.finished(reason: reason)) }
        return events + usage(json)
    }

    private static func json(_ data: [UInt8]) throws(ClientError) -> JSON {
        let json = try ClientError.json(data)
        if let error = Refusal.Reason(json) { throw .failed(error) }
        return json
    }

    private static func usage(_ json: JSON) -> [ChatEvent] {
        guard let usage = json["usage"], let prompt = usage["prompt_tokens"]?.wholeNumber,
            let completion = usage["completion_tokens"]?.wholeNumber
        else { return [] }
        return [.usage(promptTokens: prompt, completionTokens: completion)]
    }
}

/// A whole answer.
package struct ChatAnswer: Sendable, Equatable {
    package var text = ""
    /// Nil where the server does not say.
    package var finishReason: String?
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
