// `monocle eval run`: asks a model a benchmark's questions. Knows its flags and its table, not how replies are scored.

import ArgumentParser
import Evaluation
import Foundation
import Monocle

struct EvalRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Ask a benchmark's questions and score the replies.",
        discussion: """
            Questions go the way of `monocle ask`, decoded greedily; the frames of a video are several images of one \
            question. A reply is correct when it equals an accepted answer exactly, white space at its ends aside. \
            Intervals are Wilson's, 95 %. An item that could not be asked is an error: neither right nor wrong.

            Example: monocle eval run --benchmark synthetic --model small --count 400 -o small.jsonl
            """)

    enum BenchmarkName: String, ExpressibleByArgument, CaseIterable { case synthetic }

    @Option(help: "What to ask.")
    var benchmark: BenchmarkName

    @OptionGroup var folder: ModelFolderOption

    @Option(help: "Arithmetic of linear layers: auto is w4a16, or w4a8 on AVX2; see docs/precision.md.")
    var precision: ArithmeticPrecision = .auto

    @Option(help: "Threads to compute with. Default: every usable core. Results do not depend on it.")
    var threads: Int?

    @OptionGroup var items: ItemOptions

    @Option(help: ArgumentHelp("Tokens of a reply at most.", valueName: "tokens"))
    var maxTokens = 128

    @OptionGroup var result: ResultOptions

    func run() async throws {
        let model = try VisionLanguageModel(
            loading: folder.url(), options: LoadOptions(precision: precision, threads: threads))
        for warning in model.warnings { Failure.warn(warning) }
        let documents = try items.documents(for: model)
        let header = RunHeader(
            items: documents.settings, model: try ModelIdentity(model.folder),
            precision: "\(model.backend.precision)", instructionSet: model.backend.instructionSet.rawValue,
            maxTokens: maxTokens, rule: documents.rule)
        let lines = try await result.lines([header]) { files, progress in
            try await AnswerRun(documents, respondent: model, maxTokens: maxTokens)
                .run(items.count, into: files[0], progress: progress)
        }
        let summary = AnswerSummary(lines[0], count: items.count)
        try result.print([(header, summary)], text: summary.text(header))
    }
}

extension AnswerSummary {
    /// The table of a run.
    func text(_ header: RunHeader<SyntheticDocuments.Settings>) -> String {
        var table = TextTable(["", "items", "exact", "95 % interval"])
        func row(_ name: String, _ share: Share) {
            table.add([name, "\(share.count)", Figures.percent(share.value), Figures.percent(share.interval)])
        }
        row("all", exact)
        for (title, groups) in [("", families), ("level ", levels), ("", fonts)] {
            table.rule()
            for group in groups { row(title + group.name, group.exact) }
        }
        var text = "\(Figures.title(header.items)): \(header.model.name), \(header.precision)\n" + table.text
        if cutReplies > 0 { text += "\(cutReplies) replies reached the limit of \(header.maxTokens) tokens\n" }
        text += Figures.errors(errors, firstError)
        return text
    }
}
