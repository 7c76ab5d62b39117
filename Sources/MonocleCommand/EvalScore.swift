// `monocle eval score`: predictions of any model scored under a protocol, without a model. Knows its flags and its words.

import ArgumentParser
import Scoring

struct EvalScore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score a file of predictions under a protocol, without a model.",
        discussion: """
            FILE is JSON Lines, a sample each: {"id": ..., "prediction": "...", "answers": [...]} and what else the \
            benchmark's score depends on: "question", "choices" (MMMU, AI2D), "category" and "dataset" (OCRBench), \
            "item" with type, question, answers, eval, bbox and content (OCRBench v2), and columns to group by. A line \
            with "error" is a failed request: counted, not scored. A line that cannot be read is shown by its number.

            Long texts of OCRBench v2 need jieba's dictionary (Chinese) and WordNet 3.0 (English synonyms); a sample that \
            needs what is not there is not scored and says so. See docs/evaluation.md.

            Example: monocle eval score --predictions replies.jsonl --benchmark docvqa --profile lmms-eval
            """)

    @Option(help: ArgumentHelp("File of predictions, JSON Lines.", valueName: "file"))
    var predictions: String

    @Option(help: "Benchmark.")
    var benchmark: BenchmarkName

    @Option(help: "Protocol whose rules score.")
    var profile: Profile = .vlmevalkit2025

    @OptionGroup var language: LanguageOptions

    @Flag(help: "Print one JSON object, with a verdict for each sample, instead of tables.")
    var json = false

    func run() throws {
        let scorer = try Scorer(benchmark, profile: profile, language: language.data)
        let start = ContinuousClock.now
        let scored = try ScoredPredictions(scoring: predictions, with: scorer)
        let view = ScoreView(scored, benchmark, profile, seconds: (ContinuousClock.now - start) / .seconds(1))
        if json { try Output.json(view) } else { try Output.write(view.text) }
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
