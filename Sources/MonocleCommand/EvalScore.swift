// `monocle eval score`: replies that were given before, scored without a model. Knows its flags and its words.

import ArgumentParser
import BenchmarkData
import Evaluation
import Foundation
import Scoring

struct EvalScore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score replies under a protocol, without a model: a run's again, or any model's.",
        discussion: """
            RUN is a file of `monocle eval run`: its replies are scored again, under another --profile or with a judge; -o \
            writes them as a run of their own.

            --predictions FILE is JSON Lines of any model, a sample each: {"id": ..., "prediction": "...", "answers": \
            [...]} and what else the benchmark's score depends on: "question", "choices" (MMMU, AI2D), "category" and \
            "dataset" (OCRBench), "item" with type, question, answers, eval, bbox and content (OCRBench v2), and columns to \
            group by. A line with "error" is a failed request: counted, not scored. A line that cannot be read is shown by \
            its number.

            Long texts of OCRBench v2 need jieba's dictionary (Chinese) and WordNet 3.0 (English synonyms); a sample that \
            needs what is not there is not scored and says so. See docs/evaluation.md.

            Examples:
              monocle eval score ai2d.jsonl --judge-endpoint http://127.0.0.1:8000/v1 --judge-model NAME -o judged.jsonl
              monocle eval score --predictions replies.jsonl --benchmark docvqa --profile lmms-eval
            """)

    @Argument(help: ArgumentHelp("A file of monocle eval run.", valueName: "run"))
    var run: String?

    @Option(help: ArgumentHelp("File of predictions, JSON Lines.", valueName: "file"))
    var predictions: String?

    @Option(help: "Benchmark of the predictions; a run knows its own.")
    var benchmark: BenchmarkName?

    @Option(help: "Protocol whose rules score. Default: the run's own, or vlmevalkit-2025 for predictions.")
    var profile: Profile?

    @OptionGroup var language: LanguageOptions

    @OptionGroup var judge: JudgeOptions

    @Option(
        name: [.customShort("o"), .customLong("out")],
        help: ArgumentHelp("Where to write the run with its new verdicts.", valueName: "path"))
    var output: String?

    @Flag(help: "Print one JSON object instead of tables; for predictions with a verdict for each sample.")
    var json = false

    func validate() throws {
        guard (run == nil) != (predictions == nil) else {
            throw ValidationError("name a run, or --predictions FILE with --benchmark: one of both")
        }
        if predictions == nil {
            guard benchmark == nil else { throw ValidationError("--benchmark was given, but a run knows its own") }
        } else if benchmark == nil {
            throw ValidationError("--predictions needs --benchmark")
        } else if output != nil || judge.url != nil {
            throw ValidationError("-o and --judge-endpoint belong to a run; predictions are scored by rules alone")
        }
    }

    func run() async throws {
        if let predictions, let benchmark { return try score(predictions, benchmark) }
        if let run { try await score(run) }
    }

    private func score(_ predictions: String, _ benchmark: BenchmarkName) throws {
        let profile = profile ?? .vlmevalkit2025
        let scorer = try Scorer(benchmark, profile: profile, language: language.data)
        let start = clock()
        let scored = try ScoredPredictions(scoring: predictions, with: scorer)
        let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
        let view = ScoreView(scored, benchmark, profile, processorSeconds: seconds)
        if json { try Output.json(view) } else { try Output.write(view.text) }
    }

    private func score(_ path: String) async throws {
        let old = try Results<RunHeader, AnswerOutcome>(reading: path)
        if old.isCut { Failure.warn("\(path) ends in a line that was cut short; it is left out") }
        let rules = try self.rules(old.header.items)
        try self.judge.check(rules?.benchmark, rules?.profile ?? .vlmevalkit2025)
        let judge = try await self.judge.make(cacheBeside: path)
        let scorer: any ReplyScorer
        if let rules { scorer = BenchmarkScorer(rules, judge: judge) } else { scorer = ExactMatchScorer() }
        let items = rules.map { old.header.items.scored(under: $0.profile) } ?? old.header.items
        let header = old.header.scored(items: items, rule: scorer.rule, judge: judge?.model)
        let progress = ProgressBar()
        let countdown = Countdown("reply", progress)
        let new = await Rescoring(scorer).results(old, header: header) { countdown.show($0, of: $1) }
        progress.clear()
        await judge?.close()
        if let output { try new.write(to: output) }
        let summary = AnswerSummary(new, of: new.lines.keys)
        guard json else { return try Output.write(summary.text(header)) }
        try Output.json(ResultOptions.Report(file: output ?? path, header: header, summary: summary))
    }

    /// Nil for drawn documents.
    private func rules(_ items: ItemSettings) throws -> Scorer? {
        guard case .table(let settings) = items else {
            guard profile == nil else {
                throw UsageError("--profile was given, but synthetic documents are scored by exact match alone")
            }
            return nil
        }
        guard let name = BenchmarkName(rawValue: settings.benchmark),
            let own = Profile(rawValue: settings.profile)
        else {
            throw UsageError(
                "the run is about \(settings.benchmark) under \(settings.profile), which is not known here")
        }
        return try Scorer(name, profile: profile ?? own, language: language.data)
    }
}

extension ItemSettings {
    fileprivate func scored(under profile: Profile) -> ItemSettings {
        guard case .table(let settings) = self else { return self }
        return .table(settings.scored(under: profile.rawValue))
    }
}

/// Data sets that users fetch themselves.
struct LanguageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Folder `jieba` of the package jieba 0.42.1: Chinese words.", valueName: "folder"))
    var jieba: String?

    @Option(
        help: ArgumentHelp(
            "Folder of WordNet 3.0. Default: \(LanguageData.wordNetFolder), where it is there.", valueName: "folder"))
    var wordnet: String?

    var data: LanguageData { get throws { try LanguageData(jieba: jieba, wordNet: wordnet) } }
}

extension BenchmarkName: ExpressibleByArgument {}
extension Profile: ExpressibleByArgument {}
