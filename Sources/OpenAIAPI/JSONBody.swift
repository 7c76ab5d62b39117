// The bytes of a request as strict JSON. Knows no fields.

import Foundation
package import JSONText

/// A JSON object, and the text of the parts whose order of keys matters.
package struct JSONBody: Sendable {
    package let json: JSON
    private let bytes: [UInt8]

    /// - Throws: 400 `invalid_json` for anything that is not one strict JSON value: a byte-order mark, UTF-16, duplicate
    ///   keys, deep nesting, numbers out of range, lone surrogates.
    package init(_ bytes: [UInt8]) throws(APIError) {
        self.bytes = bytes
        let read = bytes.withUnsafeBytes { text in Result { () throws(JSONFault) in try JSON(text) } }
        switch read {
        case .success(let json): self.json = json
        case .failure(let fault):
            // A duplicate key's fault quotes the key: the request's own bytes stay out of the reply.
            let found = fault.found.hasPrefix("key '") ? "a key twice in one object" : fault.found
            throw APIError(
                400, "invalid_json",
                "the body is not valid JSON at byte \(fault.offset): found \(found), expected \(fault.expected)")
        }
        guard case .object = json else { throw .wrongType("body", found: json.kindName, expected: "an object") }
    }

    /// The text of a value as it was written, so that the order of its keys is kept; nil when there is none.
    package func text(at path: String...) -> String? { text(at: path) }

    package func text(at path: [String]) -> String? {
        bytes.withUnsafeBytes { text in
            guard var scanner = try? JSONScanner(text) else { return nil }
            for key in path {
                guard (try? scanner.enter(key)) == true else { return nil }
            }
            guard (try? scanner.kind()) != nil else { return nil }
            let start = scanner.offset
            guard (try? scanner.skip()) != nil else { return nil }
            return String(decoding: text[start..<scanner.offset], as: UTF8.self)
        }
    }
}

extension JSONScanner {
    /// Moves to the value of a key of the object that comes next, or of an element when the key is a number.
    fileprivate mutating func enter(_ key: String) throws(JSONFault) -> Bool {
        if let index = Int(key), try kind() == .array {
            try enterArray()
            for _ in 0..<index {
                guard try nextElement() else { return false }
                try skip()
            }
            return try nextElement()
        }
        guard try kind() == .object else { return false }
        try enterObject()
        while let name = try nextKey() {
            if name == key { return true }
            try skip()
        }
        return false
    }
}
