// `monocle batch`: an OpenAI batch file, answered here. Knows its flags and its progress bar.

import ArgumentParser
import Foundation
import Monocle
import OpenAIAPI
import Server

struct Batch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer an OpenAI batch file (JSON Lines of custom_id, method, url, body) without a server.",
        discussion: """
            Answers are added as they come, a whole line each, in OpenAI's form of a batch's output; a request that is \
            refused gets a line with its status and error. One that fails for a reason that may pass is tried again, \
            and has a line without a response at the end if it still fails; the exit code is 4 then. The same command \
            goes on where a killed one stopped, and asks again what failed. A file with lines that are no requests is \
            refused by their numbers before anything runs.

            Example: monocle batch questions.jsonl -o answers.jsonl
            """)

    @Argument(help: ArgumentHelp("The batch file.", valueName: "input.jsonl"))
    var input: String

    @Option(
        name: [.customShort("o"), .customLong("out")],
        help: ArgumentHelp("File of answers; one that was begun is continued.", valueName: "path"))
    var out: String

    @OptionGroup(title: "Model") var run: RunOptions

    @OptionGroup(title: "Requests") var requests: RequestOptions

    @Option(help: "Requests answered at once.")
    var concurrency = 16

    @Option(help: "Tries of a request after one that failed for a reason that may pass; the first after a second.")
    var retries = 4

    private enum Bounds {
        static let concurrency = 1...1024
        static let retries = 0...100
    }

    func validate() throws {
        guard Bounds.concurrency.contains(concurrency) else {
            throw ValidationError("--concurrency is \(concurrency); expected 1 to \(Bounds.concurrency.upperBound)")
        }
        guard Bounds.retries.contains(retries) else {
            throw ValidationError("--retries is \(retries); expected 0 to \(Bounds.retries.upperBound)")
        }
    }

    func run() async throws {
        let batch = try BatchInput(reading: input)
        // Nobody waits for an answer: it has a day, to begin and to end, unless --limit says otherwise.
        let patience = [Limits.Key.requestSeconds, .queueSeconds].map { ("limit.\($0.rawValue)", "86400") }
        let values = try Dictionary(uniqueKeysWithValues: patience).merging(requests.values()) { $1 }
        let settings = try await SettingsReader(commandLine: values, file: nil).settings()
        let url = try run.folder.url()
        var options = run.loadOptions
        options.sharing.running = concurrency
        options.sharing.maxWaiting = .max
        options.sharing.maxWaitingTokens = .max
        options.sharing.keptImageBytes = settings.limits[.keptImageBytes]
        let model = try VisionLanguageModel(loading: url, options: options)
        for warning in model.warnings { Failure.warn(warning) }
        let state = try ServerState(
            model: model, name: url.lastPathComponent, settings: settings, version: Version.current,
            program: RequestOptions.program)
        let run = try BatchRun(batch, into: out, with: state)
        let progress = ProgressBar()
        defer { progress.clear() }
        let countdown = Countdown("request", progress)
        let outcome = try await run.run(concurrency: concurrency, patience: .init(retries: retries)) {
            countdown.show($0, of: run.waiting.count)
        }
        progress.clear()
        let before = batch.lines.count - run.waiting.count
        try Output.line(
            "\(out): \(outcome.answered) answered, \(outcome.refused) refused"
                + (outcome.failed > 0 ? ", \(outcome.failed) failed" : "")
                + (before > 0 ? ", \(before) there before" : ""))
        guard outcome.failed == 0 else {
            Failure.warn("\(outcome.failed) of the requests failed; the same command asks them again")
            throw ExitCode(Failure.Code.device.rawValue)
        }
    }
}
