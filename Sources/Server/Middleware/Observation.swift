// Around every request: its id, its error as a body, its headers, its numbers and one line of log. Knows no route.

import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OpenAIAPI

extension HTTPField.Name {
    static let requestID = HTTPField.Name("x-request-id")
    static let images = HTTPField.Name("x-monocle-images")
    static let ignoredFields = HTTPField.Name("x-monocle-ignored-fields")
    static let noBuffering = HTTPField.Name("x-accel-buffering")
}

extension HTTPFields {
    /// Sets a field whose name is known to be well-formed.
    mutating func set(_ name: HTTPField.Name?, _ value: String) {
        if let name { self[name] = value }
    }
}

struct Observation: RouterMiddleware {
    let state: ServerState

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let name = HTTPField.Name.requestID, let given = request.headers[name], Self.isPlain(given) {
            context.requestID = given
        }
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            let error = APIError(any: error)
            if error.status >= 500, error.status != 503 { context.logger.error("\(error.code): \(error.message)") }
            if error.status == 503 || error.status == 504 { state.metrics.refused(error) }
            response = Response(error: error)
        }
        response.headers.set(.requestID, context.requestID)
        let route = context.endpointPath ?? "unmatched"
        let seconds = context.arrival.elapsedSeconds
        state.metrics.answered(route: route, status: response.status.code, seconds: seconds)
        context.logger.info(
            "answered",
            metadata: [
                "request": .string(context.requestID), "route": .string(route), "status": "\(response.status.code)",
                "ms": "\(Int(seconds * 1000))",
            ])
        return response
    }

    private static func isPlain(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x2E || byte == 0x5F
            }
    }
}

extension Response {
    /// JSON in the API's form.
    init(_ status: HTTPResponse.Status = .ok, json value: some Encodable) throws {
        let data = try APIEncoder.encode(value)
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }

    init(error: APIError) {
        let data = (try? APIEncoder.encode(error)) ?? Data()
        self.init(
            status: .init(code: error.status), headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
        if let seconds = error.retryAfter { headers[.retryAfter] = "\(seconds)" }
        if error.status == 401 { headers[.wwwAuthenticate] = "Basic realm=\"monocle\", charset=\"UTF-8\"" }
    }
}
