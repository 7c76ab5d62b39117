// The routes that ask the model: chat, completions, responses. Knows HTTP and each API's writer.

import Foundation
import HTTPTypes
import Hummingbird
import OpenAIAPI

extension ServerState {
    func addAnswerRoutes(_ router: Router<ServerContext>) {
        router.post("/v1/chat/completions") { [self] request, context in
            let ticket = try admit(context)
            let body = try await body(of: request, context, ticket)
            let chat = try await work { [bounds] in try ChatRequest(body, bounds) }
            try checkModel(chat.model)
            let writer = ChatWriter(
                id: "chatcmpl-\(context.requestID)", created: Clock.unixSeconds(), model: chat.model ?? modelName,
                tokenizer: model.tokenizer, logprobs: chat.logprobs != nil, stream: chat.stream ?? StreamFields())
            return try await answer(
                Ask(chat), ticket, context, ignored: chat.ignored, streamed: chat.stream != nil, writer
            ) { writer.response($0, $1) }
        }
        router.post("/v1/completions") { [self] request, context in
            let ticket = try admit(context)
            let body = try await body(of: request, context, ticket)
            let completion = try await work { [bounds] in try CompletionRequest(body, bounds) }
            try checkModel(completion.model)
            let writer = CompletionWriter(
                id: "cmpl-\(context.requestID)", created: Clock.unixSeconds(), model: completion.model ?? modelName,
                tokenizer: model.tokenizer, logprobs: completion.logprobs != nil,
                stream: completion.stream ?? StreamFields(), echo: echo(completion))
            return try await answer(
                Ask(completion), ticket, context, ignored: completion.ignored, streamed: completion.stream != nil,
                writer
            ) { writer.response($0, $1) }
        }
        router.post("/v1/responses") { [self] request, context in
            let ticket = try admit(context)
            let body = try await body(of: request, context, ticket)
            let chat = try await work { [bounds] in try ResponsesRequest(body, bounds).chat }
            try checkModel(chat.model)
            let writer = ResponsesWriter(
                id: context.requestID, created: Clock.unixSeconds(), model: chat.model ?? modelName)
            return try await answer(
                Ask(chat), ticket, context, ignored: chat.ignored, streamed: chat.stream != nil, writer
            ) { writer.response($0, $1) }
        }
    }

    private func echo(_ completion: CompletionRequest) -> String {
        guard completion.echo else { return "" }
        switch completion.prompt {
        case .text(let text): return text
        case .tokens(let ids): return model.tokenizer.decode(ids, skipSpecial: false)
        }
    }

    /// Prepares, runs and answers, as a whole or as a stream.
    private func answer<Writer: AnswerWriter, Whole: Encodable>(
        _ ask: Ask, _ ticket: Admission.Ticket, _ context: ServerContext, ignored: [String], streamed: Bool,
        _ writer: Writer, _ whole: @escaping @Sendable (AnswerRun, AnswerSummary) -> Whole
    ) async throws -> Response {
        let id = context.requestID
        let (prepared, requests) = try await ticket.run { [self] in
            let prepared = try await prepare(ask)
            return (prepared, try await work { [self] in try self.requests(prepared, ask, id: id) })
        }
        let run = AnswerRun(state: self, prepared: prepared, ask: ask, arrival: context.arrival)
        let headers = headers(run.summary.usage.images, ignored)
        if streamed {
            return try await EventStream<Writer>(ticket: ticket, limits: limits, channel: context.channel)
                .response(run, requests, writer, headers: headers)
        }
        var response = try await ticket.run {
            var run = run
            let summary = try await run.run(requests)
            return try Response(json: whole(run, summary))
        }
        for field in headers { response.headers[field.name] = field.value }
        return response
    }

    /// The plan of each image, and the fields that nothing was made of.
    private func headers(_ images: [TokenUsage.Image], _ ignored: [String]) -> HTTPFields {
        var headers = HTTPFields()
        if !images.isEmpty {
            let plans = images.map { image in
                let grid = image.grid.map(String.init).joined(separator: "x")
                let cut = image.frames.map { "frames=\($0.count)" } ?? "grid=\(grid)"
                return "\(image.width)x\(image.height);\(cut);tiles=\(image.tiles);tokens=\(image.tokens)"
            }
            headers.set(.images, plans.joined(separator: ", "))
        }
        let names = ignored.filter { name in
            name.utf8.count <= 64 && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") }
        }
        if !names.isEmpty { headers.set(.ignoredFields, names.prefix(32).joined(separator: ", ")) }
        return headers
    }
}
