// Standard output: text as it streams and JSON objects. Knows nothing of what they mean.

import Foundation

enum Output {
    /// Writes at once, unbuffered, so that streamed text appears token by token.
    static func write(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            throw UsageError("cannot write to standard output: \(error.localizedDescription)")
        }
    }

    static func line(_ text: String) throws { try write(text + "\n") }

    /// One JSON document on one line, with keys in snake_case.
    static func json(_ value: some Encodable) throws { try line(String(decoding: encoded(value), as: UTF8.self)) }

    /// The same in a file.
    static func json(_ value: some Encodable, to path: String) throws {
        do {
            try (encoded(value) + Data("\n".utf8)).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw UsageError("\(path): cannot be written: \((error as NSError).localizedDescription)")
        }
    }

    private static func encoded(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}
