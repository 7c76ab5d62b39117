// What can go wrong between a client and an endpoint. Knows OpenAI's error object, no connection.

import JSONText

package enum ClientError: Error, Sendable, Equatable {
    case address(found: String)
    /// No answer at all.
    case unreachable(reason: String)
    /// An answer that is no success.
    case refused(Refusal)
    /// An error after the answer had begun.
    case failed(Refusal.Reason)
    case timedOut
    /// Something that is not in OpenAI's form.
    case malformed(String)
    /// The stream ended before it said so.
    case cutShort

    static func json(_ bytes: [UInt8]) throws(ClientError) -> JSON {
        do {
            return try bytes.withUnsafeBytes { bytes throws(JSONFault) in try JSON(bytes) }
        } catch {
            throw .malformed("what is not JSON: \(error)")
        }
    }
}

/// A status that is no success, and what the body says about it.
package struct Refusal: Sendable, Equatable {
    package struct Reason: Sendable, Equatable {
        package let message: String
        package let code: String?

        package init(message: String, code: String?) {
            self.message = message
            self.code = code
        }

        /// Of an error object; nil when `json` is none.
        init?(_ json: JSON) {
            guard let error = json["error"], let message = error["message"]?.text ?? error.text else { return nil }
            self.init(message: message, code: error["code"]?.text)
        }
    }

    package let status: Int
    /// Nil where the body is not in OpenAI's form.
    package let reason: Reason?
    /// Seconds after which the server wants to be asked again.
    package let retryAfter: Int?
}

extension ClientError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .address(let found):
            "the endpoint \(found) is not an http or https URL such as http://127.0.0.1:8000/v1"
        case .unreachable(let reason): "the endpoint does not answer: \(reason)"
        case .refused(let refusal):
            "the endpoint answered with status \(refusal.status)" + (refusal.reason.map { ": \($0.message)" } ?? "")
        case .failed(let reason): "the endpoint gave up during its answer: \(reason.message)"
        case .timedOut: "the endpoint took longer than it was given"
        case .malformed(let what): "the endpoint sent \(what)"
        case .cutShort: "the answer ended before it said that it was complete"
        }
    }
}
