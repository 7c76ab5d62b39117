// How answers become JSON. Knows no answer.

package import Foundation

package enum APIEncoder {
    /// Compact JSON with keys in snake_case, in order: equal answers are equal bytes.
    package static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}
