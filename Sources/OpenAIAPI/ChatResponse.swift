// Chat completions and their chunks as OpenAI writes them. Knows their form, not how they come about.

package enum FinishReason: String, Sendable, Encodable {
    case stop
    case length
    case toolCalls = "tool_calls"
}

package typealias ChatResponse = AnswerEnvelope<ChatChoice>

package struct ChatChoice: AnswerChoice {
    package static let object = "chat.completion"
    package let index: Int
    package let message: ResponseMessage
    package let logprobs: ChatLogprobs?
    package let finishReason: FinishReason

    package init(index: Int, message: ResponseMessage, logprobs: ChatLogprobs?, finishReason: FinishReason) {
        self.index = index
        self.message = message
        self.logprobs = logprobs
        self.finishReason = finishReason
    }
}

package struct ResponseMessage: Sendable, Encodable {
    package let role = "assistant"
    package let content: String?
    package let refusal: String? = nil
    package let toolCalls: [ResponseToolCall]?

    package init(content: String?, toolCalls: [ResponseToolCall]? = nil) {
        self.content = content
        self.toolCalls = toolCalls
    }

    private enum CodingKeys: CodingKey { case role, content, refusal, toolCalls }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(role, forKey: .role)
        try container.encode(content, forKey: .content)
        try container.encode(refusal, forKey: .refusal)
        try container.encodeIfPresent(toolCalls, forKey: .toolCalls)
    }
}

package struct ResponseToolCall: Sendable, Encodable {
    package struct Function: Sendable, Encodable {
        package let name: String
        package let arguments: String
    }
    /// Place among the calls; in chunks only.
    package let index: Int?
    package let id: String
    package let type = "function"
    package let function: Function

    package init(index: Int?, id: String, name: String, arguments: String) {
        self.index = index
        self.id = id
        function = Function(name: name, arguments: arguments)
    }
}

package struct ChatLogprobs: Sendable, Encodable {
    package struct Entry: Sendable, Encodable {
        package let token: String
        package let logprob: Float
        package let bytes: [UInt8]

        package init(token: String, logprob: Float, bytes: [UInt8]) {
            self.token = token
            self.logprob = logprob
            self.bytes = bytes
        }
    }
    package struct Token: Sendable, Encodable {
        package let token: String
        package let logprob: Float
        package let bytes: [UInt8]
        package let topLogprobs: [Entry]

        package init(_ chosen: Entry, top: [Entry]) {
            token = chosen.token
            logprob = chosen.logprob
            bytes = chosen.bytes
            topLogprobs = top
        }
    }
    package let content: [Token]

    package init(content: [Token]) { self.content = content }
}

package typealias ChatChunk = AnswerEnvelope<ChatChunkChoice>

package struct ChatChunkChoice: AnswerChoice {
    package static let object = "chat.completion.chunk"

    package struct Delta: Sendable, Encodable {
        package var role: String?
        package var content: String?
        package var toolCalls: [ResponseToolCall]?

        package init(role: String? = nil, content: String? = nil, toolCalls: [ResponseToolCall]? = nil) {
            self.role = role
            self.content = content
            self.toolCalls = toolCalls
        }
    }

    package let index: Int
    package let delta: Delta
    package let logprobs: ChatLogprobs?
    package let finishReason: FinishReason?

    package init(index: Int, delta: Delta, logprobs: ChatLogprobs? = nil, finishReason: FinishReason? = nil) {
        self.index = index
        self.delta = delta
        self.logprobs = logprobs
        self.finishReason = finishReason
    }

    private enum CodingKeys: CodingKey { case index, delta, logprobs, finishReason }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        try container.encode(delta, forKey: .delta)
        try container.encode(logprobs, forKey: .logprobs)
        try container.encode(finishReason, forKey: .finishReason)
    }
}
