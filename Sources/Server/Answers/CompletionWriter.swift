// Text completions: the whole answer, or its chunks. Knows OpenAI's form, not how tokens come about.

import Engine
import OpenAIAPI
import Tokenization

struct CompletionWriter: AnswerWriter {
    let id: String
    let created: Int
    let model: String
    let tokenizer: Tokenizer
    let logprobs: Bool
    let stream: StreamFields
    /// Text of the prompt, to stand before every choice; empty when it is not echoed.
    let echo: String
    private var begun: Set<Int> = []

    init(
        id: String, created: Int, model: String, tokenizer: Tokenizer, logprobs: Bool, stream: StreamFields,
        echo: String
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.tokenizer = tokenizer
        self.logprobs = logprobs
        self.stream = stream
        self.echo = echo
    }

    func response(_ run: AnswerRun, _ summary: AnswerSummary) -> CompletionResponse {
        CompletionResponse(
            id: id, created: created, model: model,
            choices: run.choices.enumerated().map { index, choice in
                .init(
                    index: index, text: echo + choice.text,
                    logprobs: logprobs ? .init(choice.tokens, tokenizer, offset: echo.unicodeScalars.count) : nil,
                    finishReason: choice.finishReason)
            },
            usage: summary.usage, timings: summary.timings)
    }

    func begin() throws -> [StreamEvent] { [] }

    mutating func token(_ token: GeneratedToken, choice: Int, run: AnswerRun) throws -> [StreamEvent] {
        let text = (begun.insert(choice).inserted ? echo : "") + token.text
        guard !text.isEmpty || logprobs else { return [] }
        let offset = run.choices[choice].text.unicodeScalars.count - token.text.unicodeScalars.count
        return [
            try chunk(
                .init(
                    index: choice, text: text, logprobs: logprobs ? .init([token], tokenizer, offset: offset) : nil,
                    finishReason: nil), run)
        ]
    }

    func finished(_ completion: Completion, choice: Int, run: AnswerRun) throws -> [StreamEvent] {
        [
            try chunk(
                .init(
                    index: choice, text: completion.text, logprobs: nil,
                    finishReason: run.choices[choice].finishReason), run)
        ]
    }

    func end(_ summary: AnswerSummary, run: AnswerRun) throws -> [StreamEvent] {
        guard stream.includeUsage else { return [.done] }
        return [
            try StreamEvent(
                CompletionResponse(
                    id: id, created: created, model: model, choices: [], usage: summary.usage, timings: summary.timings)
            ),
            .done,
        ]
    }

    private func chunk(_ choice: CompletionChoice, _ run: AnswerRun) throws -> StreamEvent {
        try StreamEvent(
            CompletionResponse(
                id: id, created: created, model: model, choices: [choice],
                usage: stream.continuousUsage ? run.summary.usage : nil))
    }
}

extension CompletionChoice.Logprobs {
    init(_ tokens: [GeneratedToken], _ tokenizer: Tokenizer, offset: Int) {
        self.init()
        var offset = offset
        for token in tokens {
            guard let logprob = token.logprob, !tokenizer.isSpecial(token.id) else { continue }
            let text = tokenizer.text(of: token.id)
            self.tokens.append(text)
            tokenLogprobs.append(logprob.chosen.logprob)
            topLogprobs.append(
                Dictionary(logprob.top.map { (tokenizer.text(of: $0.id), $0.logprob) }) { first, _ in first })
            textOffset.append(offset)
            offset += text.unicodeScalars.count
        }
    }
}
