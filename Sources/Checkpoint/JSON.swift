// A JSON document in memory, for the small configuration files. Knows nothing of their keys.

package import Foundation

/// A JSON value. Keys are unique; numbers keep their text until a type is asked for.
package indirect enum JSON: Sendable, Hashable {
    case object([String: JSON])
    case array([JSON])
    case string(String)
    case number(String)
    case bool(Bool)
    case null

    /// How a message names the value.
    package var description: String {
        switch self {
        case .object: "an object"
        case .array(let values): "an array of \(values.count)"
        case .string(let text): "'\(text.prefix(80))'"
        case .number(let text): text
        case .bool(let value): "\(value)"
        case .null: "null"
        }
    }

    /// Longest configuration file that is read, in bytes.
    private static let byteLimit = 64 << 20

    /// Reads a JSON file of at most 64 MiB, nested at most 64 deep, without duplicate keys.
    package init(file url: URL) throws(CheckpointError) {
        let mapping = try MappedFile(url)
        guard mapping.byteCount <= Self.byteLimit else {
            throw .file(mapping.path, found: "\(mapping.byteCount) bytes", expected: "at most \(Self.byteLimit)")
        }
        do throws(JSONFault) {
            var scanner = JSONScanner(mapping.bytes)
            self = try JSON(&scanner)
            try scanner.end()
        } catch {
            throw .file(mapping.path, found: "\(error.found) at byte \(error.offset)", expected: error.expected)
        }
    }

    init(_ scanner: inout JSONScanner) throws(JSONFault) {
        switch try scanner.kind() {
        case .object:
            var members: [String: JSON] = [:]
            try scanner.object { (key, scanner) throws(JSONFault) in
                let start = scanner.offset
                guard members.updateValue(try JSON(&scanner), forKey: key) == nil else {
                    throw JSONFault(offset: start, found: "key '\(key)' twice", expected: "every key once")
                }
            }
            self = .object(members)
        case .array:
            var values: [JSON] = []
            try scanner.array { (scanner) throws(JSONFault) in values.append(try JSON(&scanner)) }
            self = .array(values)
        case .string: self = .string(try scanner.string())
        case .number: self = .number(String(try scanner.number()))
        case .bool: self = .bool(try scanner.bool())
        case .null:
            try scanner.null()
            self = .null
        }
    }
}
