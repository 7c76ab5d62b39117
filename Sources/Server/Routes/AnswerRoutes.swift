// The routes that ask the model: chat, completions, responses. Knows HTTP, not what each API's body means.

import Foundation
import HTTPTypes
import Hummingbird
import OpenAIAPI

extension ServerState {
    private enum AnswerRoute: String, CaseIterable {
        case chat = "/v1/chat/completions"
        case completions = "/v1/completions"
        case responses = "/v1/responses"
    }

    /// Paths of the routes that ask the model.
    static let answerRoutes = Set(AnswerRoute.allCases.map(\.rawValue))

    func addAnswerRoutes(_ router: Router<ServerContext>) {
        add(.chat, to: router) { [self] body, id in try chat(body, id: id) }
        add(.completions, to: router) { [self] body, id in try completion(body, id: id) }
        add(.responses, to: router) { [self] body, id in try responses(body, id: id) }
    }

    private func add<Writer: AnswerWriter, Whole: Encodable & SendableMetatype>(
        _ route: AnswerRoute, to router: Router<ServerContext>,
        reading read: @escaping @Sendable (JSONBody, String) throws -> ModelRequest<Writer, Whole>
    ) {
        router.post(RouterPath(route.rawValue)) { [self] request, context in
            if let refusal { throw refusal }
            let ticket = try admit(context)
            let body = try await body(of: request, context, ticket)
            let asked = try await work { try read(body, context.requestID) }
            return try await answer(asked, ticket, context)
        }
    }

    /// Prepares, runs and answers, as a whole or as a stream.
    private func answer<Writer: AnswerWriter, Whole: Encodable & SendableMetatype>(
        _ asked: ModelRequest<Writer, Whole>, _ ticket: Admission.Ticket, _ context: ServerContext
    ) async throws -> Response {
        let (run, requests) = try await ticket.run { [self] in
            try await begin(asked.ask, id: context.requestID, arrival: context.arrival)
        }
        let headers = headers(run.summary.usage.images, asked.ignored)
        if asked.isStreamed {
            return try await EventStream<Writer>(ticket: ticket, limits: limits, channel: context.channel)
                .response(run, requests, asked.writer, headers: headers)
        }
        var response = try await ticket.run {
            var run = run
            let summary = try await run.run(requests)
            return try Response(json: asked.whole(asked.writer, run, summary))
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
