// What a refused request is told: OpenAI's error object and the status that goes with it. Knows no HTTP library.

/// An answer that is an error. Messages are our own words with names, limits and numbers of the request in them: never
/// the text of a library, a path of this machine or bytes of the request.
package struct APIError: Error, Sendable, Equatable {
    package let status: Int
    package let code: String
    /// JSON path of the field at fault.
    package let param: String?
    package let message: String
    /// Seconds after which asking again is worth it.
    package var retryAfter: Int?

    package init(_ status: Int, _ code: String, param: String? = nil, _ message: String, retryAfter: Int? = nil) {
        self.status = status
        self.code = code
        self.param = param
        self.message = message
        self.retryAfter = retryAfter
    }

    /// OpenAI's class of the error, which follows from the status.
    package var type: String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 429, 503: "overloaded_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    package static func wrongType(_ param: String, found: String, expected: String) -> APIError {
        APIError(400, "invalid_type", param: param, "\(param) is \(found); it must be \(expected)")
    }

    package static func wrongValue(_ param: String, found: String, expected: String) -> APIError {
        APIError(400, "invalid_value", param: param, "\(param) is \(found); it must be \(expected)")
    }

    package static func missing(_ param: String, expected: String) -> APIError {
        APIError(400, "missing_field", param: param, "\(param) is missing; it must be \(expected)")
    }
}

extension APIError: Encodable {
    private enum Keys: String, CodingKey { case error, message, type, param, code }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        var error = container.nestedContainer(keyedBy: Keys.self, forKey: .error)
        try error.encode(message, forKey: .message)
        try error.encode(type, forKey: .type)
        try error.encode(param, forKey: .param)
        try error.encode(code, forKey: .code)
    }
}
