// What the body of each route that asks the model reads as: what to ask, and who writes the answer. Knows no HTTP.

import Engine
import Foundation
import OpenAIAPI

struct ModelRequest<Writer: AnswerWriter, Whole: Encodable & SendableMetatype>: Sendable {
    let ask: Ask
    let writer: Writer
    let isStreamed: Bool
    /// Fields that nothing is made of.
    let ignored: [String]
    /// The answer as one object.
    let whole: @Sendable (Writer, AnswerRun, AnswerSummary) -> Whole
}

extension ServerState {
    func chat(_ body: JSONBody, id: String) throws(APIError) -> ModelRequest<ChatWriter, ChatResponse> {
        let chat = try ChatRequest(body, bounds)
        try checkModel(chat.model)
        let writer = ChatWriter(
            id: "chatcmpl-\(id)", created: Clock.unixSeconds(), model: chat.model ?? modelName,
            tokenizer: model.tokenizer, logprobs: chat.logprobs != nil, stream: chat.stream ?? StreamFields())
        return ModelRequest(ask: Ask(chat), writer: writer, isStreamed: chat.stream != nil, ignored: chat.ignored) {
            $0.response($1, $2)
        }
    }

    func completion(
        _ body: JSONBody, id: String
    ) throws(APIError) -> ModelRequest<CompletionWriter, CompletionResponse> {
        let completion = try CompletionRequest(body, bounds)
        try checkModel(completion.model)
        let writer = CompletionWriter(
            id: "cmpl-\(id)", created: Clock.unixSeconds(), model: completion.model ?? modelName,
            tokenizer: model.tokenizer, logprobs: completion.logprobs != nil,
            stream: completion.stream ?? StreamFields(), echo: echo(completion))
        return ModelRequest(
            ask: Ask(completion), writer: writer, isStreamed: completion.stream != nil, ignored: completion.ignored
        ) { $0.response($1, $2) }
    }

    func responses(_ body: JSONBody, id: String) throws(APIError) -> ModelRequest<ResponsesWriter, ResponseObject> {
        let chat = try ResponsesRequest(body, bounds).chat
        try checkModel(chat.model)
        let writer = ResponsesWriter(id: id, created: Clock.unixSeconds(), model: chat.model ?? modelName)
        return ModelRequest(ask: Ask(chat), writer: writer, isStreamed: chat.stream != nil, ignored: chat.ignored) {
            $0.response($1, $2)
        }
    }

    private func echo(_ completion: CompletionRequest) -> String {
        guard completion.echo else { return "" }
        switch completion.prompt {
        case .text(let text): return text
        case .tokens(let ids): return model.tokenizer.decode(ids, skipSpecial: false)
        }
    }

    /// Decodes images, lays out the prompt and makes the engine's requests; nothing has run through the model then.
    func begin(
        _ ask: Ask, id: String, arrival: ContinuousClock.Instant
    ) async throws -> (run: AnswerRun, requests: [GenerationRequest]) {
        let prepared = try await prepare(ask)
        let requests = try await work { [self] in try self.requests(prepared, ask, id: id) }
        return (AnswerRun(state: self, prepared: prepared, ask: ask, arrival: arrival), requests)
    }
}
