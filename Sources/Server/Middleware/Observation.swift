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
    let metrics: ServerMetrics

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let given = Self.requestID(request.headers) { context.requestID = given }
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            let error = APIError(any: error)
            if error.status >= 500, error.status != 503 { context.logger.error("\(error.code): \(error.message)") }
            if error.status == 503 || error.status == 504 { metrics.refused(error) }
            response = Response(error: error)
        }
        response.headers.set(.requestID, context.requestID)
        note(
            id: context.requestID, route: context.endpointPath ?? "unmatched", status: response.status.code,
            since: context.arrival, context.logger)
        return response
    }

    /// Counts and logs a request that is answered.
    func note(id: String, route: String, status: Int, since arrival: ContinuousClock.Instant, _ logger: Logger) {
        let seconds = arrival.elapsedSeconds
        metrics.answered(route: route, status: status, seconds: seconds)
        logger.info(
            "answered",
            metadata: [
                "request": .string(id), "route": .string(route), "status": "\(status)", "ms": "\(Int(seconds * 1000))",
            ])
    }

    /// The client's own name for its request, if it is one that may be passed on.
    static func requestID(_ fields: HTTPFields) -> String? {
        HTTPField.Name.requestID.flatMap { fields[$0] }.flatMap { isPlain($0) ? $0 : nil }
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
        self.init(
            status: .init(code: error.status), headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: error.json))
        if let seconds = error.retryAfter { headers[.retryAfter] = "\(seconds)" }
        if error.status == 401 { headers[.wwwAuthenticate] = "Basic realm=\"monocle\", charset=\"UTF-8\"" }
    }
}

extension APIError {
    var json: ByteBuffer { ByteBuffer(bytes: (try? APIEncoder.encode(self)) ?? Data()) }
}
