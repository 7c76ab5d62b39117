// The lines of an OpenAI batch file: which request each one is. Knows the envelope, not what the bodies ask.

import Foundation
import JSONText
import OpenAIAPI

/// A batch file, mapped; its lines are read when they are asked for.
package struct BatchInput: Sendable {
    /// A route that a line may name.
    package enum Route: String, Sendable, CaseIterable {
        case chat = "/v1/chat/completions"
        case completions = "/v1/completions"
        case responses = "/v1/responses"
    }

    package struct Line: Sendable {
        /// From 1.
        package let number: Int
        package let customID: String
        let route: Route
        let range: Range<Int>
    }

    package let lines: [Line]
    private let data: Data

    /// Checks the envelope of every line; empty lines are passed over.
    /// - Throws: `BatchError` with the number and the fault of each line that is none.
    package init(reading path: String) throws(BatchError) {
        do {
            data = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
        } catch {
            throw .unreadable(path: path, reason: (error as NSError).localizedDescription)
        }
        var lines: [Line] = []
        var faults: [BatchError.Fault] = []
        var numbers: [String: Int] = [:]
        for (index, range) in Self.ranges(of: data).enumerated() where !range.isEmpty {
            let number = index + 1
            do throws(BatchError.Fault) {
                let line = try Self.line(data[range], number, range)
                if let first = numbers.updateValue(number, forKey: line.customID) {
                    throw .init(number, "custom_id is that of line \(first)")
                }
                lines.append(line)
            } catch {
                faults.append(error)
            }
        }
        guard faults.isEmpty else { throw .lines(path: path, faults) }
        self.lines = lines
    }

    /// The body of a line, as the route takes it.
    func body(of line: Line) throws(APIError) -> JSONBody {
        let envelope = try JSONBody(Array(data[line.range]))
        return try JSONBody(Array((envelope.text(at: "body") ?? "").utf8))
    }

    /// Lines without their ends, white space around them left out.
    private static func ranges(of data: Data) -> [Range<Int>] {
        let space: Set<UInt8> = [0x20, 0x09, 0x0D]
        return data.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            let start = line.firstIndex { !space.contains($0) } ?? line.endIndex
            let end = line.lastIndex { !space.contains($0) }.map { $0 + 1 } ?? start
            return start..<max(start, end)
        }
    }

    private static func line(_ bytes: Data, _ number: Int, _ range: Range<Int>) throws(BatchError.Fault) -> Line {
        let json: JSON
        do throws(APIError) {
            json = try JSONBody(Array(bytes)).json
        } catch {
            throw .init(number, error.message.replacing("the body", with: "the line", maxReplacements: 1))
        }
        guard let customID = json["custom_id"]?.text, (1...512).contains(customID.utf8.count) else {
            throw .init(number, "custom_id must be a string of 1 to 512 bytes")
        }
        guard json["method"]?.text == "POST" else { throw .init(number, "method must be \"POST\"") }
        guard let route = json["url"]?.text.flatMap(Route.init) else {
            let names = Route.allCases.map(\.rawValue).joined(separator: ", ")
            throw .init(number, "url must be one of \(names)")
        }
        guard case .object? = json["body"] else { throw .init(number, "body must be an object") }
        return Line(number: number, customID: customID, route: route, range: range)
    }
}

/// What keeps a batch from running at all.
package enum BatchError: Error, CustomStringConvertible {
    package struct Fault: Error, Sendable, Equatable {
        /// From 1.
        package let line: Int
        package let reason: String

        init(_ line: Int, _ reason: String) {
            self.line = line
            self.reason = reason
        }
    }

    case unreadable(path: String, reason: String)
    case unwritable(path: String, reason: String)
    case lines(path: String, [Fault])
    /// An output with answers to other questions.
    case otherBatch(path: String, customID: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
        case .lines(let path, let faults):
            faults.prefix(20).map { "\(path), line \($0.line): \($0.reason)" }.joined(separator: "\n")
                + (faults.count > 20 ? "\nand \(faults.count - 20) lines more" : "")
        case .otherBatch(let path, let customID):
            "\(path) has an answer to \"\(customID)\", which the input does not ask; write to another file"
        }
    }
}
