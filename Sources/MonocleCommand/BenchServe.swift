// `monocle bench serve`: drives an OpenAI endpoint at a rate and reports its times. Knows its flags, not how times are taken.

import ArgumentParser
import Benchmarking
import Foundation
import OpenAIClient

struct BenchServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Drive an OpenAI endpoint with images and text at a rate; report its times as vllm bench serve does.",
        discussion: """
            Requests are chats about synthetic documents, about the images of --folder, or of text alone (--images 0), \
            streamed. Times are taken in this program; run it on another machine to leave the server its own. The API \
            key, where one is needed, is $OPENAI_API_KEY. Refusals (429, 503) are counted and timed apart from failures.

            Example: monocle bench serve --request-rate 2 --num-prompts 200 --goodput ttft:2000 --goodput tpot:100
            """)

    @Option(help: ArgumentHelp("The endpoint, as OpenAI's clients take it.", valueName: "url"))
    var baseURL = "http://127.0.0.1:8000/v1"

    @Option(help: "The model to ask for. Default: the first that the endpoint lists.")
    var model: String?

    @Option(help: "Requests to send.")
    var numPrompts = 100

    @Option(help: "Requests a second, arriving at random (Poisson); inf sends all at once.")
    var requestRate = Double.infinity

    @Option(help: "Requests under way at once. Default: no bound.")
    var maxConcurrency: Int?

    @Option(help: "Requests that are sent and awaited first, one by one, and not counted.")
    var numWarmups = 1

    @OptionGroup(title: "Prompts") var prompts: LoadPrompts

    @Option(
        help: ArgumentHelp(
            "A time that a good answer keeps: ttft, tpot or e2el. May be given several times.", valueName: "name:ms"))
    var goodput: [GoodputLimit] = []

    @Option(help: "Share of requests whose client leaves at a random moment within two seconds.")
    var abandon = 0.0

    @Option(help: ArgumentHelp("A request fails after this time.", valueName: "seconds"))
    var timeout = 600.0

    @Option(help: "Same seed, same prompts and arrivals.")
    var seed: UInt64 = 0

    @Option(
        name: [.customShort("o"), .customLong("out")],
        help: ArgumentHelp("Write the report as JSON to this file.", valueName: "path"))
    var out: String?

    @Flag(help: "Print the report as one JSON object instead of a table.")
    var json = false

    private enum Bounds {
        static let prompts = 1...10_000_000
        static let connections = 1...100_000
    }

    func validate() throws {
        guard Bounds.prompts.contains(numPrompts) else {
            throw ValidationError("--num-prompts is \(numPrompts); expected 1 to \(Bounds.prompts.upperBound)")
        }
        guard requestRate > 0 else {
            throw ValidationError("--request-rate is \(requestRate); expected more than 0, or inf")
        }
        guard Bounds.connections.contains(maxConcurrency ?? 1) else {
            throw ValidationError(
                "--max-concurrency is \(maxConcurrency ?? 0); expected 1 to \(Bounds.connections.upperBound)")
        }
        guard (0...numPrompts).contains(numWarmups) else {
            throw ValidationError("--num-warmups is \(numWarmups); expected 0 to --num-prompts")
        }
        guard (0...1).contains(abandon) else { throw ValidationError("--abandon is \(abandon); expected 0 to 1") }
        guard timeout > 0, timeout < 1e6 else {
            throw ValidationError("--timeout is \(timeout); expected more than 0 and less than a million seconds")
        }
    }

    func run() async throws {
        let progress = ProgressBar()
        defer { progress.clear() }
        let different = try prompts.prompts(numPrompts, seed: seed) {
            progress.show("prompt \($0) of \(numPrompts)", fraction: Double($0) / Double(numPrompts))
        }
        let key = ProcessInfo.processInfo.environment["OPENAI_API_KEY"]
        let (name, result) = try await OpenAIEndpoint.with(
            baseURL, model: model, key: key, connections: maxConcurrency ?? Bounds.connections.upperBound,
            timeout: .seconds(timeout)
        ) { endpoint in
            let bodies = try prompts.bodies(different, numPrompts, model: endpoint.model, seed: seed)
            for body in bodies.prefix(numWarmups) { try await endpoint.stream(body) { _ in } }
            let plan = LoadPlan(
                bodies: bodies, requestRate: requestRate, maxConcurrency: maxConcurrency, abandonedShare: abandon,
                seed: seed)
            let countdown = Countdown("request", progress)
            let result = try await LoadTest(endpoint, plan).run { [numPrompts] in countdown.show($0, of: numPrompts) }
            return (endpoint.model, result)
        }
        progress.clear()
        let limits = Dictionary(goodput.map { ($0.measure, $0.milliseconds) }) { $1 }
        let report = LoadReport(
            result.traces, seconds: result.seconds, goodput: limits.isEmpty ? nil : Goodput(limits))
        let saved = SavedLoad(self, model: name, report)
        if let out { try Output.json(saved, to: out) }
        if json { try Output.json(saved) } else { try Output.write(report.text) }
    }
}

/// `ttft:2000`.
struct GoodputLimit: ExpressibleByArgument {
    let measure: Goodput.Measure
    let milliseconds: Double

    init?(argument: String) {
        let words = argument.split(separator: ":", maxSplits: 1).map(String.init)
        guard words.count == 2, let measure = Goodput.Measure(rawValue: words[0]), let limit = Double(words[1]),
            limit > 0
        else { return nil }
        self.measure = measure
        milliseconds = limit
    }
}

/// The settings and the report in one object.
private struct SavedLoad: Encodable {
    private struct Settings: Encodable {
        let date: String
        let endpointType = "openai-chat"
        let baseUrl: String
        let modelId: String
        let numPrompts: Int
        let requestRate: String
        let burstiness = 1.0
        let maxConcurrency: Int?
        let seed: UInt64
    }

    private let settings: Settings
    private let report: LoadReport

    init(_ verb: BenchServe, model: String, _ report: LoadReport) {
        settings = Settings(
            date: Date.now.formatted(.iso8601), baseUrl: verb.baseURL, modelId: model, numPrompts: verb.numPrompts,
            requestRate: "\(verb.requestRate)", maxConcurrency: verb.maxConcurrency, seed: verb.seed)
        self.report = report
    }

    func encode(to encoder: any Encoder) throws {
        try settings.encode(to: encoder)
        try report.encode(to: encoder)
    }
}
