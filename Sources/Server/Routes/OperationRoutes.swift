// Routes for those who run the server, and the page. Knows states and numbers, no generation.

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OpenAIAPI

extension ServerState {
    func addOperationRoutes(_ router: Router<ServerContext>) {
        router.get("/health") { _, _ in try Response(json: ["status": "ok"]) }
        router.get("/ready") { [self] _, _ in
            if admission.isDraining { return try Response(.serviceUnavailable, json: ["status": "draining"]) }
            if admission.isFull { return try Response(.serviceUnavailable, json: ["status": "full"]) }
            return try Response(json: ["status": "ready"])
        }
        router.get("/version") { [self] _, _ in try Response(json: ["version": version]) }
        router.get("/metrics") { [self] _, _ in
            updateLevels()
            let names = settings.metricsNames == .vllm ? ServerMetrics.vllmNames : [:]
            let text = metrics.registry.text { names[$0] ?? $0 }
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
        router.get("/openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_json)))
        }
        router.get("/") { _, _ in
            var headers: HTTPFields = [.contentType: "text/html; charset=utf-8", .cacheControl: "no-cache"]
            headers[.contentSecurityPolicy] = """
                default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; media-src data:; \
                connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
                """
            headers[.xContentTypeOptions] = "nosniff"
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.page_html)))
        }
    }
}
