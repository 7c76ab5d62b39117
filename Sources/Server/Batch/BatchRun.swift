// Answers the lines of a batch, several at a time, the way the routes do. Knows lines and answers, no HTTP.

import Foundation
import OpenAIAPI

package struct BatchRun: Sendable {
    private let state: ServerState
    private let input: BatchInput
    private let output: BatchOutput
    /// Lines that are not answered yet.
    package let waiting: [BatchInput.Line]

    /// - Parameter path: where answers go; a file that was begun is gone on with.
    package init(_ input: BatchInput, into path: String, with state: ServerState) throws(BatchError) {
        self.state = state
        self.input = input
        output = try BatchOutput(continuing: path)
        let asked = Set(input.lines.map(\.customID))
        if let other = output.answered.subtracting(asked).min() {
            throw .otherBatch(path: path, customID: other)
        }
        waiting = input.lines.filter { [output] in !output.answered.contains($0.customID) }
    }

    /// Answers what is waiting.
    /// - Parameters:
    ///   - concurrency: lines under way at once.
    ///   - progress: is told how many of them are done.
    /// - Returns: how many were answered with an error.
    package func run(concurrency: Int, progress: (Int) -> Void) async throws -> Int {
        var lines = waiting.makeIterator()
        var done = 0
        var refused = 0
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<max(concurrency, 1) {
                if let line = lines.next() { group.addTask { try await answer(line) } }
            }
            while let isAnswered = try await group.next() {
                done += 1
                if !isAnswered { refused += 1 }
                progress(done)
                if let line = lines.next() { group.addTask { try await answer(line) } }
            }
        }
        return refused
    }

    /// - Returns: whether the answer is none of an error.
    private func answer(_ line: BatchInput.Line) async throws -> Bool {
        let id = ServerContext.makeID()
        do {
            let body = try await whole(line, id: id)
            try output.append(line.customID, id: id, status: 200, body: body)
            return true
        } catch let error as BatchError {
            throw error
        } catch {
            try Task.checkCancellation()
            let error = APIError(any: error)
            try output.append(line.customID, id: id, status: error.status, body: APIEncoder.encode(error))
            return false
        }
    }

    private func whole(_ line: BatchInput.Line, id: String) async throws -> Data {
        let body = try await state.work { try input.body(of: line) }
        switch line.route {
        case .chat: return try await whole(state.chat(body, id: id), id: id)
        case .completions: return try await whole(state.completion(body, id: id), id: id)
        case .responses: return try await whole(state.responses(body, id: id), id: id)
        }
    }

    private func whole<Writer, Whole: SendableMetatype>(_ asked: ModelRequest<Writer, Whole>, id: String) async throws
        -> Data
    {
        guard !asked.isStreamed else {
            throw APIError.wrongValue("stream", found: "true", expected: "false in a batch")
        }
        var (run, requests) = try await state.begin(asked.ask, id: id, arrival: .now)
        let summary = try await run.run(requests)
        return try APIEncoder.encode(asked.whole(asked.writer, run, summary))
    }
}
