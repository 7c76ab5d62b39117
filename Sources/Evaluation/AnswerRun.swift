// A run of questions and answers over a benchmark, item by item, resumable. Knows no particular benchmark or model.

/// The header of a run file.
package struct RunHeader<Settings: Codable & Sendable & Equatable>: ResultHeader {
    package static var kind: String { "answers" }
    package let kind: String
    package let version: Int
    package let items: Settings
    package let model: ModelIdentity
    package let precision: String
    /// Kernels sum in other orders on other instruction sets.
    package let instructionSet: String
    package let decoding: String
    package let maxTokens: Int
    /// What counts as correct.
    package let rule: String

    package var fileName: String { "\(model.name)-\(precision).jsonl" }

    package init(
        items: Settings, model: ModelIdentity, precision: String, instructionSet: String, maxTokens: Int, rule: String
    ) {
        kind = Self.kind
        version = 1
        decoding = "greedy"
        self.items = items
        self.model = model
        self.precision = precision
        self.instructionSet = instructionSet
        self.maxTokens = maxTokens
        self.rule = rule
    }
}

/// What came of asking: a reply and whether it is correct, or an error.
package struct AnswerOutcome: Codable, Sendable, Equatable {
    package let question: String
    package let answers: [String]
    package let reply: String?
    /// Nil when there is an error: an item that could not be asked is neither right nor wrong.
    package let correct: Bool?
    package let tokens: Int?
    package let finishReason: String?
    package let seconds: Double
    package let error: String?
}

package struct AnswerRun<Bench: Benchmark>: Sendable {
    package typealias File = ResultFile<RunHeader<Bench.Settings>, AnswerOutcome>

    private let benchmark: Bench
    private let respondent: any Respondent
    private let maxTokens: Int

    package init(_ benchmark: Bench, respondent: any Respondent, maxTokens: Int) {
        self.benchmark = benchmark
        self.respondent = respondent
        self.maxTokens = maxTokens
    }

    /// Asks about every item below `count` that the file does not hold yet, in order, and adds a line for each.
    /// - Parameter progress: items done and to be done in this call, after each.
    package func run(_ count: Int, into file: File, progress: (_ done: Int, _ of: Int) -> Void) async throws {
        let left = (0..<count).filter { !file.isDone($0) }
        for (done, index) in left.enumerated() {
            progress(done, left.count)
            try Task.checkCancellation()
            let item = try benchmark.item(at: index)
            try file.append(ResultLine(item.facts, try await outcome(item)))
        }
        progress(left.count, left.count)
    }

    private func outcome(_ item: BenchmarkItem) async throws -> AnswerOutcome {
        let start = ContinuousClock.now
        func made(_ reply: Reply?, _ error: String?) -> AnswerOutcome {
            AnswerOutcome(
                question: item.question, answers: item.answers, reply: reply?.text,
                correct: reply.map { benchmark.isCorrect($0.text, for: item) }, tokens: reply?.tokens,
                finishReason: reply?.finishReason, seconds: (ContinuousClock.now - start) / .seconds(1), error: error)
        }
        do {
            return made(try await respondent.reply(to: item, maxTokens: maxTokens), nil)
        } catch let error as CancellationError {
            throw error
        } catch {
            return made(nil, "\(error)")
        }
    }
}
