// Routes that look without asking the model: tokens, layouts, limits, models. Knows HTTP, no generation.

import Foundation
import Hummingbird
import NIOCore
import OpenAIAPI

extension ServerState {
    func addInspectionRoutes(_ router: Router<ServerContext>) {
        router.get("/v1/models") { [self] _, _ in try Response(json: ModelList(models)) }
        router.get("/v1/models/:model") { [self] _, context in
            let name = context.parameters.get("model") ?? ""
            try checkModel(name)
            return try Response(json: models.first { $0.id == name })
        }
        router.get("/v1/limits") { [self] _, _ in try Response(json: LimitList(limits, context: model.context)) }
        router.post("/v1/chat/completions/render") { [self] request, context in
            let ticket = try admit(context)
            let body = try await body(of: request, context, ticket)
            let chat = try await work { [bounds] in try ChatRequest(body, bounds) }
            try checkModel(chat.model)
            let prepared = try await ticket.run { [self] in try await prepare(Ask(chat)) }
            return try Response(json: RenderedPrompt(prepared, model: modelName))
        }
        router.post("/tokenize") { [self] request, context in
            let ticket = try admit(context)
            let body = try await body(of: request, context, ticket)
            let tokenize = try await work { [bounds] in try TokenizeRequest(body, bounds) }
            let ids: [Int32] = try await ticket.run { [self] in
                switch tokenize.input {
                case .text(let text, let begins):
                    return try await work { [self] in
                        (begins ? [model.tokenizer.bos].compactMap(\.self) : [])
                            + model.tokenizer.encode(text, controlTokens: false)
                    }
                case .chat(let chat): return try await prepare(Ask(chat)).request.prompt
                }
            }
            return try Response(
                json: TokenList(
                    count: ids.count, maxModelLen: model.context, tokens: ids,
                    tokenStrs: tokenize.returnsStrings ? ids.map(model.tokenizer.text(of:)) : nil))
        }
        router.post("/detokenize") { [self] request, context in
            let ticket = try admit(context)
            let body = try await body(of: request, context, ticket)
            let tokens = try DetokenizeRequest(body, bounds).tokens
            let text = try await work { [self] in model.tokenizer.decode(tokens, skipSpecial: false) }
            withExtendedLifetime(ticket) {}
            return try Response(json: ["prompt": text])
        }
    }

    private var models: [ModelList.Model] {
        modelNames.map { .init(id: $0, created: created, maxModelLen: model.context) }
    }
}

struct ModelList: Encodable {
    struct Model: Encodable {
        let id: String
        let object = "model"
        let created: Int
        let ownedBy = "monocle"
        let maxModelLen: Int
    }
    let object = "list"
    let data: [Model]

    init(_ models: [Model]) { data = models }
}

private struct TokenList: Encodable {
    let count: Int
    let maxModelLen: Int
    let tokens: [Int32]
    let tokenStrs: [String]?
}

/// Every limit by name, and the context.
private struct LimitList: Encodable {
    struct Entry: Encodable {
        let name: String
        let value: Int
        let standard: Int
        let unit: String
        let meaning: String
        let answer: String
    }
    let context: Int
    let limits: [Entry]

    init(_ limits: Limits, context: Int) {
        self.context = context
        self.limits = Limits.Key.allCases.map { key in
            let rule = key.rule
            return Entry(
                name: key.rawValue, value: limits[key], standard: rule.standard, unit: rule.unit, meaning: rule.meaning,
                answer: rule.answer)
        }
    }
}
