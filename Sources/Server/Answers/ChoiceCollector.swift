// One choice's answer as it grows. Knows the engine's deltas, not the form of the reply.

import Engine
import OpenAIAPI
import Prompting

struct ChoiceCollector: Sendable {
    private(set) var text = ""
    private(set) var tokens: [GeneratedToken] = []
    private(set) var completion: Completion?
    private let tools: ToolFields?

    init(tools: ToolFields?) { self.tools = tools }

    mutating func take(_ delta: Delta) {
        switch delta {
        case .stage: break
        case .token(let token):
            tokens.append(token)
            text += token.text
        case .finished(let completion):
            text += completion.text
            self.completion = completion
        }
    }

    /// The calls that the whole text is, when there are tools.
    var calls: [ToolCall]? {
        guard let tools else { return nil }
        return ToolCall.parse(text, names: tools.names)
    }

    /// Whether the text so far may still become a call.
    var mayBecomeCall: Bool {
        guard tools != nil else { return false }
        guard let first = text.first(where: { !$0.isWhitespace }) else { return true }
        return first == "{" || text.hasPrefix("<|python_tag|>")
    }

    var finishReason: FinishReason {
        if completion?.reason == .length { return .length }
        return calls == nil ? .stop : .toolCalls
    }
}
