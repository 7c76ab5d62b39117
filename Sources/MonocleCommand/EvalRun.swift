// `monocle eval run`: asks a benchmark's questions. Knows its flags and its table, not how replies are scored.

import ArgumentParser
import BenchmarkData
import Evaluation
import Foundation
import Monocle
import Scoring

struct EvalRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Ask a benchmark's questions and score the replies.",
        discussion: """
            Questions go the way of `monocle ask`, decoded greedily, or to any server that speaks OpenAI's API with \
            --endpoint. A line is written for each question as soon as it is answered; the same command goes on where a \
            killed one stopped. A question that could not be asked is an error: neither right nor wrong, and counted.

            synthetic draws its documents; the other benchmarks are read with --data from what their users download: \
            VLMEvalKit's .tsv, the authors' .json with its images, a folder with one .jsonl and images, or what \
            `monocle eval convert` makes of parquet. --profile names the protocol whose prompts and rules are used.

            Examples:
              monocle eval run --benchmark synthetic --model small --count 400 -o small.jsonl
              monocle eval run --benchmark docvqa --data DocVQA_VAL.tsv --model DIR -o docvqa.jsonl
              monocle eval run --benchmark ai2d --data AI2D_TEST.tsv --endpoint http://127.0.0.1:8000/v1 \
            --endpoint-model NAME -o ai2d.jsonl
            """)

    @Option(help: "What to ask: synthetic, \(BenchmarkName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var benchmark: BenchmarkChoice

    @OptionGroup var data: BenchmarkDataOptions

    @OptionGroup var folder: ModelFolderOption

    @Option(help: "Arithmetic of linear layers: auto is w4a16, or w4a8 on AVX2; see docs/precision.md. Default: auto.")
    var precision: ArithmeticPrecision?

    @Option(help: "Threads to compute with. Default: every usable core. Results do not depend on it.")
    var threads: Int?

    @OptionGroup var endpoint: EndpointOptions

    @OptionGroup var items: ItemOptions

    @Option(help: ArgumentHelp("Ask only the first n questions.", valueName: "n"))
    var limit: Int?

    @Option(help: ArgumentHelp("Ask only these questions, by their ids, with commas between.", valueName: "list"))
    var ids: String?

    @Option(
        help: ArgumentHelp(
            "Tokens of a reply at most. Default: the protocol's; 128 for synthetic.", valueName: "tokens"))
    var maxTokens: Int?

    @Option(
        help: ArgumentHelp(
            "Questions under way at once. Default: 4 with --endpoint, or else 1.", valueName: "n"))
    var concurrency: Int?

    @Flag(help: "Ask again what ended in an error; a reply without a verdict is only scored again.")
    var retryErrors = false

    @OptionGroup var judge: JudgeOptions

    @OptionGroup var language: LanguageOptions

    @OptionGroup var result: ResultOptions

    func validate() throws {
        for (name, value) in [("--limit", limit), ("--max-tokens", maxTokens)] {
            guard value.map((1...10_000_000).contains) ?? true else {
                throw ValidationError("\(name) is \(value ?? 0); expected 1 to 10000000")
            }
        }
        guard concurrency.map((1...256).contains) ?? true else {
            throw ValidationError("--concurrency is \(concurrency ?? 0); expected 1 to 256")
        }
        guard endpoint.url == nil || folder.path == nil else {
            throw ValidationError("--endpoint and --model were both given; one of them answers")
        }
        for (name, isGiven) in [("--precision", precision != nil), ("--threads", threads != nil)] {
            guard endpoint.url == nil || !isGiven else {
                throw ValidationError("\(name) was given, but the model at --endpoint runs elsewhere")
            }
        }
        switch benchmark {
        case .synthetic:
            if let option = data.given.first {
                throw ValidationError("\(option) was given, but synthetic documents are drawn, not read")
            }
        case .named(let name):
            if let option = items.given.first {
                throw ValidationError(
                    "\(option) was given, but \(name.title) is read, not drawn; see --limit and --ids")
            }
        }
    }

    func run() async throws {
        try judge.check(benchmark.name, data.profile)
        let answerer = try await Answerer(self)
        do {
            let judge = try await judge.make(cacheBeside: result.path)
            do {
                try await run(answerer, judge)
            } catch {
                await judge?.close()
                throw error
            }
            await judge?.close()
        } catch {
            await answerer.close()
            throw error
        }
        await answerer.close()
    }

    private func run(_ answerer: Answerer, _ judge: EndpointJudge?) async throws {
        let benchmark = try benchmark.make(data, items, tileSize: answerer.tileSize)
        let indices = try indices(benchmark)
        let scorer = try self.benchmark.scorer(data.profile, language.data, judge: judge)
        let maxTokens = self.maxTokens ?? (benchmark as? TableBenchmark)?.prompts.maxTokens ?? 128
        let header = RunHeader(
            items: benchmark.settings, model: answerer.identity, precision: answerer.precision,
            instructionSet: answerer.instructionSet, maxTokens: maxTokens, rule: scorer.rule, judge: judge?.model,
            dataPath: data.path)
        let run = AnswerRun(
            benchmark, respondent: answerer.respondent, scorer: scorer, maxTokens: maxTokens,
            concurrency: concurrency ?? (endpoint.url == nil ? 1 : 4))
        let results: [Results<RunHeader, AnswerOutcome>] = try await result.results(
            [header], retryingFailures: retryErrors
        ) { files, progress in
            try await run.run(indices, into: files[0], rescoring: retryErrors) {
                progress($0.done, $0.total, $0.errors)
            }
        }
        let summary = AnswerSummary(results[0], of: indices)
        try result.print([(header, summary)], text: summary.text(header))
    }

    private func indices(_ benchmark: any Benchmark) throws -> [Int] {
        guard let ids else {
            let all = min(benchmark.count ?? items.count, limit ?? .max)
            return Array(0..<all)
        }
        let wanted = ids.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        let found = try benchmark.indices(ofItems: Set(wanted), among: benchmark.count ?? items.count)
        if let missing = wanted.first(where: { found[$0] == nil }) {
            throw UsageError("--ids names \(missing), which is not an item of \(benchmark.settings.benchmark)")
        }
        return Array(found.values.sorted().prefix(limit ?? .max))
    }
}

/// `synthetic`, or a public benchmark.
enum BenchmarkChoice: ExpressibleByArgument {
    case synthetic
    case named(BenchmarkName)

    init?(argument: String) {
        if argument == SyntheticDocuments.name {
            self = .synthetic
        } else if let name = BenchmarkName(rawValue: argument) {
            self = .named(name)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] { [SyntheticDocuments.name] + BenchmarkName.allCases.map(\.rawValue) }

    /// Nil for synthetic documents.
    var name: BenchmarkName? { if case .named(let name) = self { name } else { nil } }

    func make(_ data: BenchmarkDataOptions, _ items: ItemOptions, tileSize: Int?) throws -> any Benchmark {
        switch self {
        case .synthetic:
            return try items.documents(tileSize: tileSize)
        case .named(let name): return try data.benchmark(name)
        }
    }

    func scorer(_ profile: Profile, _ language: LanguageData, judge: (any Judge)?) throws -> any ReplyScorer {
        switch self {
        case .synthetic: return ExactMatchScorer()
        case .named(let name):
            return BenchmarkScorer(try Scorer(name, profile: profile, language: language), judge: judge)
        }
    }
}

/// Who answers: a model in this process or a server.
private struct Answerer {
    let respondent: any Respondent
    let identity: ModelIdentity
    let precision: String
    let instructionSet: String
    /// Nil where it is not known.
    let tileSize: Int?
    private let endpoint: ChatEndpoint?

    init(_ verb: EvalRun) async throws {
        if let endpoint = try verb.endpoint.make(connections: verb.concurrency ?? 4) {
            do {
                try await endpoint.check()
            } catch {
                await endpoint.close()
                throw error
            }
            respondent = EndpointRespondent(endpoint)
            identity = ModelIdentity(name: endpoint.model, fingerprint: RunHeader.endpoint)
            (precision, instructionSet) = (RunHeader.endpoint, RunHeader.endpoint)
            tileSize = nil
            self.endpoint = endpoint
            return
        }
        let model = try VisionLanguageModel(
            loading: verb.folder.url(), options: LoadOptions(precision: verb.precision ?? .auto, threads: verb.threads))
        for warning in model.warnings { Failure.warn(warning) }
        guard let vision = model.folder.configuration.vision else {
            throw UsageError("the model is text-only: it cannot be asked about images")
        }
        respondent = model
        identity = try ModelIdentity(model.folder)
        precision = "\(model.backend.precision)"
        instructionSet = model.backend.instructionSet.rawValue
        tileSize = vision.tileSize
        endpoint = nil
    }

    func close() async { await endpoint?.close() }
}
