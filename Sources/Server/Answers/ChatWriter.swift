// Chat completions: the whole answer, or its chunks. Knows OpenAI's form, not how tokens come about.

import Engine
import OpenAIAPI
import Prompting
import Tokenization

struct ChatWriter: AnswerWriter {
    let id: String
    let created: Int
    let model: String
    let tokenizer: Tokenizer
    let logprobs: Bool
    let stream: StreamFields
    /// Bytes of each choice's text that have been sent.
    private var sent: [Int: Int] = [:]

    init(id: String, created: Int, model: String, tokenizer: Tokenizer, logprobs: Bool, stream: StreamFields) {
        self.id = id
        self.created = created
        self.model = model
        self.tokenizer = tokenizer
        self.logprobs = logprobs
        self.stream = stream
    }

    // MARK: The whole answer

    func response(_ run: AnswerRun, _ summary: AnswerSummary) -> ChatResponse {
        ChatResponse(
            id: id, created: created, model: model,
            choices: run.choices.enumerated().map { index, choice in
                let calls = choice.calls
                return ChatChoice(
                    index: index,
                    message: ResponseMessage(
                        content: calls == nil ? choice.text : nil,
                        toolCalls: calls.map { Self.calls($0, indexed: false) }),
                    logprobs: logprobs ? ChatLogprobs(choice.tokens, tokenizer) : nil, finishReason: choice.finishReason
                )
            },
            usage: summary.usage, timings: summary.timings)
    }

    private static func calls(_ calls: [ToolCall], indexed: Bool) -> [ResponseToolCall] {
        calls.enumerated().map { index, call in
            ResponseToolCall(
                index: indexed ? index : nil, id: "call_\(ServerContext.makeID())", name: call.name,
                arguments: call.arguments)
        }
    }

    // MARK: Chunks

    func begin() throws -> [StreamEvent] { [] }

    mutating func token(_ token: GeneratedToken, choice: Int, run: AnswerRun) throws -> [StreamEvent] {
        var events = try opening(choice)
        if run.choices[choice].mayBecomeCall { return events }
        let text = unsent(run.choices[choice].text, choice)
        let logprobs = logprobs ? ChatLogprobs([token], tokenizer) : nil
        guard !text.isEmpty || !(logprobs?.content.isEmpty ?? true) else { return events }
        events.append(
            try chunk(.init(index: choice, delta: .init(content: text), logprobs: logprobs), run))
        return events
    }

    mutating func finished(_ completion: Completion, choice: Int, run: AnswerRun) throws -> [StreamEvent] {
        var events = try opening(choice)
        let answer = run.choices[choice]
        if let calls = answer.calls {
            events.append(
                try chunk(.init(index: choice, delta: .init(toolCalls: Self.calls(calls, indexed: true))), run))
        } else {
            let text = unsent(answer.text, choice)
            if !text.isEmpty { events.append(try chunk(.init(index: choice, delta: .init(content: text)), run)) }
        }
        events.append(try chunk(.init(index: choice, delta: .init(), finishReason: answer.finishReason), run))
        return events
    }

    func end(_ summary: AnswerSummary, run: AnswerRun) throws -> [StreamEvent] {
        guard stream.includeUsage else { return [.done] }
        let chunk = ChatChunk(
            id: id, created: created, model: model, choices: [], usage: summary.usage, timings: summary.timings)
        return [try StreamEvent(chunk), .done]
    }

    /// The first chunk of a choice, which says whose turn it is.
    private mutating func opening(_ choice: Int) throws -> [StreamEvent] {
        guard sent[choice] == nil else { return [] }
        sent[choice] = 0
        return [
            try StreamEvent(
                ChatChunk(
                    id: id, created: created, model: model,
                    choices: [.init(index: choice, delta: .init(role: "assistant", content: ""))]))
        ]
    }

    private mutating func unsent(_ text: String, _ choice: Int) -> String {
        let start = sent[choice] ?? 0
        sent[choice] = text.utf8.count
        return String(text.utf8.dropFirst(start)) ?? ""
    }

    private func chunk(_ choice: ChatChunkChoice, _ run: AnswerRun) throws -> StreamEvent {
        try StreamEvent(
            ChatChunk(
                id: id, created: created, model: model, choices: [choice],
                usage: stream.continuousUsage ? run.summary.usage : nil))
    }
}

extension ChatLogprobs {
    /// Of tokens that are text; an end token is none.
    init(_ tokens: [GeneratedToken], _ tokenizer: Tokenizer) {
        self.init(
            content: tokens.compactMap { token in
                guard let logprob = token.logprob, !tokenizer.isSpecial(token.id) else { return nil }
                return Token(
                    Entry(token.id, logprob.chosen.logprob, tokenizer),
                    top: logprob.top.map { Entry($0.id, $0.logprob, tokenizer) })
            })
    }
}

extension ChatLogprobs.Entry {
    init(_ id: Int32, _ logprob: Float, _ tokenizer: Tokenizer) {
        self.init(
            token: tokenizer.text(of: id), logprob: logprob.isFinite ? logprob : -9999,
            bytes: Array(tokenizer.bytes(of: id)))
    }
}
