// What can go wrong between a client and an endpoint. Knows OpenAI's error object, no connection.

import Foundation
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

    static func noCompletion(_ bytes: [UInt8]) -> ClientError {
        .malformed("no chat completion but \(Refusal.Reason(bytes).message)")
    }
}

/// A status that is no success, and what the body says about it.
package struct Refusal: Sendable, Equatable {
    package struct Reason: Sendable, Equatable {
        package let message: String
        package let code: String?
        /// Characters of a message at most: some servers send back what they were asked.
        private static let limit = 300

        package init(message: String, code: String?) {
            self.message = String(message.prefix(Self.limit))
            self.code = code
        }

        /// Of an error object; nil when `json` is none.
        init?(_ json: JSON) {
            guard let error = json["error"], let message = error["message"]?.text ?? error.text else { return nil }
            self.init(message: message, code: error["code"]?.text)
        }

        /// Of any body: what its error object says, or else how it begins.
        init(_ body: [UInt8]) {
            if let json = try? ClientError.json(body), let reason = Reason(json) {
                self = reason
            } else {
                let text = String(decoding: body.prefix(Self.limit), as: UTF8.self)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                self.init(message: text.isEmpty ? "an empty body" : text, code: nil)
            }
        }
    }

    package let status: Int
    package let reason: Reason
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
            "the endpoint answered with status \(refusal.status): \(refusal.reason.message)"
        case .failed(let reason): "the endpoint gave up during its answer: \(reason.message)"
        case .timedOut: "the endpoint took longer than it was given"
        case .malformed(let what): "the endpoint sent \(what)"
        case .cutShort: "the answer ended before it said that it was complete"
        }
    }
}
