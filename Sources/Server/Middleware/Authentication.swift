// Who may ask. Keys are kept as hashes and compared in constant time. Knows no route but the open ones.

import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import OpenAIAPI

struct Authentication: RouterMiddleware {
    /// SHA-256 of each key; empty lets everyone in.
    private let hashes: [[UInt8]]
    /// Answered without a key: probes of load balancers carry none.
    private static let openPaths: Set<String> = ["/health", "/ready"]

    init(keys: [String]) { hashes = keys.map(Self.hash) }

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        if !Self.openPaths.contains(request.uri.path), let refusal = refusal(of: request.headers) { throw refusal }
        return try await next(request, context)
    }

    /// Why a request with this header may not ask; nil when it may.
    func refusal(of fields: HTTPFields) -> APIError? {
        guard !hashes.isEmpty else { return nil }
        guard let given = fields[.authorization].flatMap(Self.key) else {
            return APIError(401, "missing_api_key", "an API key is needed: send it as Authorization: Bearer KEY")
        }
        return isKnown(given) ? nil : APIError(401, "invalid_api_key", "the API key is not one of this server's")
    }

    /// Compares with every key, always in full.
    private func isKnown(_ key: String) -> Bool {
        let given = Self.hash(key)
        var found: UInt8 = 0
        for hash in hashes {
            var difference: UInt8 = 0
            for (a, b) in zip(hash, given) { difference |= a ^ b }
            found |= difference == 0 ? 1 : 0
        }
        return found == 1
    }

    private static func hash(_ key: String) -> [UInt8] { Array(SHA256.hash(data: Data(key.utf8))) }

    /// The key of a bearer token, or the password of basic authentication, which is how a browser asks for it.
    private static func key(_ header: String) -> String? {
        let words = header.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return nil }
        switch words[0].lowercased() {
        case "bearer": return String(words[1])
        case "basic":
            guard let data = Data(base64Encoded: String(words[1])) else { return nil }
            let text = String(decoding: data, as: UTF8.self)
            return text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) }
        default: return nil
        }
    }
}
