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

    /// What became of the lines.
    package struct Outcome: Sendable, Equatable {
        package var answered = 0
        /// Answered with an error that another try would meet again.
        package var refused = 0
        /// Not answered; the next run of the same batch asks them again.
        package var failed = 0
    }

    /// How often a line is tried again that failed for a reason that may pass.
    package struct Patience: Sendable {
        package let retries: Int
        /// Before the first; twice as long before each further one, but no longer than `longest`.
        package let pause: Duration
        private static let longest = Duration.seconds(30)

        package init(retries: Int, pause: Duration = .seconds(1)) {
            self.retries = retries
            self.pause = pause
        }

        func pause(before retry: Int) -> Duration { min(pause * (1 << min(retry, 16)), Self.longest) }
    }

    private enum Ending {
        case answered
        case refused
        case failed(BatchInput.Line, id: String, APIError)
    }

    /// Answers what is waiting.
    /// - Parameters:
    ///   - concurrency: lines under way at once.
    ///   - progress: is told how many of them are done.
    package func run(concurrency: Int, patience: Patience, progress: (Int) -> Void) async throws -> Outcome {
        var lines = waiting.makeIterator()
        var done = 0
        var outcome = Outcome()
        var failures: [(line: BatchInput.Line, id: String, error: APIError)] = []
        try await withThrowingTaskGroup(of: Ending.self) { group in
            for _ in 0..<max(concurrency, 1) {
                if let line = lines.next() { group.addTask { try await answer(line, patience) } }
            }
            while let ending = try await group.next() {
                done += 1
                switch ending {
                case .answered: outcome.answered += 1
                case .refused: outcome.refused += 1
                case .failed(let line, let id, let error): failures.append((line, id, error))
                }
                progress(done)
                if let line = lines.next() { group.addTask { try await answer(line, patience) } }
            }
        }
        // After all answers: the next run removes them from the end.
        for failure in failures.sorted(by: { $0.line.number < $1.line.number }) {
            try output.append(failure.line.customID, id: failure.id, failure: failure.error)
        }
        outcome.failed = failures.count
        return outcome
    }

    private func answer(_ line: BatchInput.Line, _ patience: Patience) async throws -> Ending {
        var retry = 0
        while true {
            let id = ServerContext.makeID()
            do {
                let body = try await whole(line, id: id)
                try output.append(line.customID, id: id, status: 200, body: body)
                return .answered
            } catch let error as BatchError {
                throw error
            } catch {
                try Task.checkCancellation()
                let error = APIError(any: error)
                guard error.mayPass else {
                    try output.append(line.customID, id: id, status: error.status, body: APIEncoder.encode(error))
                    return .refused
                }
                // What took all its time would take it again.
                guard retry < patience.retries, error.status != 504 else { return .failed(line, id: id, error) }
                try await Task.sleep(for: patience.pause(before: retry))
                retry += 1
            }
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

extension APIError {
    /// Whether it is this process's fault, or nobody's, and not the request's.
    fileprivate var mayPass: Bool { status == 499 || status >= 500 }
}
