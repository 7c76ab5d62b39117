// A file of results: a header line, then one JSON line an item, written as items are done. Knows no metric.

package import BenchmarkData
import Foundation
import JSONText

/// The first line of a result file: what was measured, on what, how.
package protocol ResultHeader: Codable, Sendable {
    /// What kind of file this is.
    static var kind: String { get }
    var kind: String { get }
    /// The file's name where several lie in one folder.
    var fileName: String { get }
    /// The header without what may change while the figures stay the same: files of equal identity may be continued.
    var identity: Self { get }
}

extension ResultHeader {
    package var identity: Self { self }
}

/// What a line says of an item, besides which item it is.
package protocol ResultOutcome: Codable, Sendable {
    /// Reads a line of a file of version 1.
    static func firstVersion(from decoder: any Decoder) throws -> Self
    /// The item has no figure.
    var failed: Bool { get }
    /// Nothing is there that a figure could still be made of: only asking again can help.
    var isUnanswered: Bool { get }
}

extension ResultOutcome {
    package var isUnanswered: Bool { failed }
    package static func firstVersion(from decoder: any Decoder) throws -> Self { try Self(from: decoder) }
}

/// One line: what is known of the item, and what came out, side by side in one object.
package struct ResultLine<Outcome: ResultOutcome>: Codable, Sendable {
    package let item: ItemFacts
    package var outcome: Outcome

    private enum Mark: CodingKey { case groups }

    package init(_ item: ItemFacts, _ outcome: Outcome) {
        self.item = item
        self.outcome = outcome
    }

    package init(from decoder: any Decoder) throws {
        if try decoder.container(keyedBy: Mark.self).contains(.groups) {
            item = try ItemFacts(from: decoder)
            outcome = try Outcome(from: decoder)
        } else {
            item = try ItemFacts.firstVersion(from: decoder)
            outcome = try Outcome.firstVersion(from: decoder)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        try item.encode(to: encoder)
        try outcome.encode(to: encoder)
    }
}

/// What a result file holds.
package struct Results<Header: ResultHeader, Outcome: ResultOutcome>: Sendable {
    package let path: String
    package let header: Header
    package fileprivate(set) var lines: [Int: ResultLine<Outcome>]
    /// The last line was cut short, by a run that was killed, and left out.
    package let isCut: Bool

    /// Reads a whole file.
    package init(reading path: String) throws(EvaluationError) {
        self = try ResultText(path).results()
    }

    init(path: String, header: Header, lines: [Int: ResultLine<Outcome>], isCut: Bool) {
        self.path = path
        self.header = header
        self.lines = lines
        self.isCut = isCut
    }
}

extension Results {
    /// Writes the whole file, lines in order of items. A file that a run is writing is refused.
    package func write(to path: String) throws(EvaluationError) {
        let lock = try LockedFile(path)
        defer { lock.close() }
        do {
            var data = try ResultText.encoder.encode(header) + [ResultText.newline]
            for line in lines.values.sorted(by: { $0.item.index < $1.item.index }) {
                data += try ResultText.encoder.encode(line) + [ResultText.newline]
            }
            try data.write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw .unwritable(path: path, reason: error.localizedDescription)
        }
    }
}

/// A result file that is being written. A line is written whole or, when the process dies, recognised as cut.
package final class ResultFile<Header: ResultHeader, Outcome: ResultOutcome> {
    package private(set) var results: Results<Header, Outcome>
    private var file: LockedFile

    /// Opens `path` to add lines: a new file, or one whose header says the same. A line that was cut short is removed.
    /// - Parameter retryingFailures: removes lines of unanswered items as well, so that they are asked again.
    package init(
        continuing path: String, header: Header, retryingFailures: Bool = false
    ) throws(EvaluationError) {
        file = try LockedFile(path)
        do {
            let first = try ResultText.encoder.encode(header) + [ResultText.newline]
            let found = try file.handle.read(upToCount: first.count) ?? Data()
            // Nothing, or a header that a killed process left without its end.
            if found.count < first.count, first.starts(with: found) {
                try file.handle.truncate(atOffset: 0)
                try file.handle.write(contentsOf: first)
            }
        } catch {
            throw .unwritable(path: path, reason: error.localizedDescription)
        }
        let text = try ResultText(path)
        results = try text.results()
        if let difference = try ResultText.difference(results.header.identity, header.identity) {
            throw .otherSettings(
                path: path, field: difference.field, found: difference.first, expected: difference.second)
        }
        if retryingFailures, results.lines.values.contains(where: \.outcome.isUnanswered) {
            let lines = results.lines
            try rewrite(try text.bytes(keeping: { lines[$0]?.outcome.isUnanswered == false }))
        } else {
            try end(at: text.wholeBytes)
        }
    }

    package func isDone(_ index: Int) -> Bool { results.lines[index] != nil }

    package func append(_ line: ResultLine<Outcome>) throws(EvaluationError) {
        do {
            try file.handle.write(contentsOf: ResultText.encoder.encode(line) + [ResultText.newline])
        } catch {
            throw .unwritable(path: results.path, reason: error.localizedDescription)
        }
        results.lines[line.item.index] = line
    }

    /// Puts lines in the place of those of the same items.
    package func replace(_ lines: [ResultLine<Outcome>]) throws(EvaluationError) {
        guard !lines.isEmpty else { return }
        let replaced = Set(lines.map(\.item.index))
        var bytes = try ResultText(results.path).bytes(keeping: { !replaced.contains($0) })
        do {
            for line in lines { bytes += try ResultText.encoder.encode(line) + [ResultText.newline] }
        } catch {
            throw .unwritable(path: results.path, reason: error.localizedDescription)
        }
        try rewrite(bytes)
    }

    /// The new file takes the old one's place whole: nothing is lost whenever the process dies.
    private func rewrite(_ bytes: Data) throws(EvaluationError) {
        let path = results.path
        do {
            try bytes.write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw .unwritable(path: path, reason: error.localizedDescription)
        }
        file = try LockedFile(path)
        let text = try ResultText(path)
        results = try text.results()
        try end(at: text.wholeBytes)
    }

    /// Lines are added there.
    private func end(at offset: Int) throws(EvaluationError) {
        do {
            try file.handle.truncate(atOffset: UInt64(offset))
        } catch {
            throw .unwritable(path: results.path, reason: error.localizedDescription)
        }
    }
}

/// The bytes of a result file, cut into lines.
package struct ResultText: Sendable {
    fileprivate static let newline = UInt8(ascii: "\n")

    private let path: String
    private let lines: [Data]
    private let isCut: Bool
    /// Bytes up to the end of the last whole line.
    fileprivate let wholeBytes: Int

    package init(_ path: String) throws(EvaluationError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        self.path = path
        var lines = data.split(separator: Self.newline, omittingEmptySubsequences: false)
        let tail = lines.removeLast()
        guard !lines.isEmpty else {
            throw .line(path: path, number: 1, found: Self.excerpt(tail), expected: Self.headerExpected)
        }
        self.lines = lines
        isCut = !tail.isEmpty
        wholeBytes = data.count - tail.count
    }

    /// The header and the lines of which `isKept` says so by their index, as they stand in the file.
    fileprivate func bytes(keeping isKept: (_ index: Int) -> Bool) throws(EvaluationError) -> Data {
        struct Index: Decodable { let index: Int }
        var data = lines[0] + [Self.newline]
        for place in lines.indices.dropFirst() {
            let index = try decode(Index.self, line: place, expected: "a line with an index").index
            if isKept(index) { data += lines[place] + [Self.newline] }
        }
        return data
    }

    private static let headerExpected = "the header of a result file of monocle eval"

    /// What kind of file the header says this is.
    package func kind() throws(EvaluationError) -> String {
        struct Kind: Decodable { let kind: String }
        return try decode(Kind.self, line: 0, expected: Self.headerExpected).kind
    }

    fileprivate func results<Header: ResultHeader, Outcome: ResultOutcome>() throws(EvaluationError)
        -> Results<Header, Outcome>
    {
        let kind = try kind()
        guard kind == Header.kind else {
            throw .line(
                path: path, number: 1, found: "a file of kind \"\(kind)\"", expected: "one of kind \"\(Header.kind)\"")
        }
        let header = try decode(Header.self, line: 0, expected: Self.headerExpected)
        var found: [Int: ResultLine<Outcome>] = [:]
        for index in lines.indices.dropFirst() {
            let line = try decode(
                ResultLine<Outcome>.self, line: index, expected: "a JSON object with the result of one item")
            guard line.item.index >= 0, found.updateValue(line, forKey: line.item.index) == nil else {
                throw .line(
                    path: path, number: index + 1,
                    found: line.item.index < 0 ? "index \(line.item.index)" : "item \(line.item.index) a second time",
                    expected: "each item once, counted from 0")
            }
        }
        return Results(path: path, header: header, lines: found, isCut: isCut)
    }

    private func decode<Value: Decodable>(
        _ type: Value.Type, line: Int, expected: String
    ) throws(EvaluationError) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: lines[line])
        } catch {
            throw .line(path: path, number: line + 1, found: Self.excerpt(lines[line]), expected: expected)
        }
    }

    private static func excerpt(_ line: Data) -> String {
        let text = String(decoding: line.prefix(60), as: UTF8.self)
        return text.isEmpty ? "an empty line" : text + (line.count > 60 ? "…" : "")
    }

    fileprivate static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    /// The first member, in order of name, in which two values differ as JSON.
    package static func difference<Value: Encodable>(
        _ first: Value, _ second: Value
    ) throws(EvaluationError) -> (field: String, first: String, second: String)? {
        do {
            let trees = try [first, second].map { value in
                try encoder.encode(value).withUnsafeBytes { try JSON($0) }
            }
            return difference(trees[0], trees[1], at: "")
        } catch {
            throw .option(name: "a header", found: "\(error)", expected: "numbers and texts that JSON can hold")
        }
    }

    private static func difference(
        _ first: JSON?, _ second: JSON?, at path: String
    ) -> (field: String, first: String, second: String)? {
        if first == second { return nil }
        if case .object(let left)? = first, case .object(let right)? = second {
            for key in Set(left.keys).union(right.keys).sorted() {
                let place = path.isEmpty ? key : path + "." + key
                if let found = difference(left[key], right[key], at: place) { return found }
            }
        }
        return (path, text(first), text(second))
    }

    private static func text(_ value: JSON?) -> String {
        if case .array(let values)? = value { return "[" + values.map { text($0) }.joined(separator: ", ") + "]" }
        return value?.summary(quoted: { $0 }) ?? "nothing"
    }
}
