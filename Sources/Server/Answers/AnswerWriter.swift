// How an answer is written while it comes: the border between running an answer and each API's form of chunks.

import Engine
import Foundation
import OpenAIAPI

/// One server-sent event.
struct StreamEvent: Sendable {
    var name: String?
    var data: Data

    init(_ value: some Encodable, name: String? = nil) throws {
        self.name = name
        data = try APIEncoder.encode(value)
    }

    private init(text: String) { data = Data(text.utf8) }

    static let done = StreamEvent(text: "[DONE]")

    /// As it goes over the wire.
    var bytes: Data {
        var bytes = Data()
        if let name { bytes += Data("event: \(name)\n".utf8) }
        bytes += Data("data: ".utf8)
        bytes += data
        bytes += Data("\n\n".utf8)
        return bytes
    }
}

/// Writes the events of one answer.
protocol AnswerWriter: Sendable {
    mutating func begin() throws -> [StreamEvent]
    /// After `run` has taken a token of a choice.
    mutating func token(_ token: GeneratedToken, choice: Int, run: AnswerRun) throws -> [StreamEvent]
    /// After `run` has taken a choice's end.
    mutating func finished(_ completion: Completion, choice: Int, run: AnswerRun) throws -> [StreamEvent]
    mutating func end(_ summary: AnswerSummary, run: AnswerRun) throws -> [StreamEvent]
}
