// Which pages of other origins a browser may let ask. Knows a list of origins.

import HTTPTypes
import Hummingbird
import OpenAIAPI

struct CrossOrigin: RouterMiddleware {
    let origins: Set<String>

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard let origin = request.headers[.origin] else { return try await next(request, context) }
        let isAllowed = origins.contains(origin) || origins.contains("*")
        if request.method == .options, request.headers[.accessControlRequestMethod] != nil {
            guard isAllowed else {
                return Response(error: APIError(403, "origin_not_allowed", "pages of this origin may not ask here"))
            }
            var response = Response(status: .noContent)
            response.headers[.accessControlAllowMethods] = "GET, POST, OPTIONS"
            response.headers[.accessControlAllowHeaders] = "authorization, content-type, x-request-id"
            response.headers[.accessControlMaxAge] = "600"
            Self.allow(origin, &response)
            return response
        }
        var response = try await next(request, context)
        if isAllowed { Self.allow(origin, &response) }
        return response
    }

    private static func allow(_ origin: String, _ response: inout Response) {
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = "x-request-id, x-monocle-images, x-monocle-ignored-fields"
        response.headers[.vary] = "origin"
    }
}
