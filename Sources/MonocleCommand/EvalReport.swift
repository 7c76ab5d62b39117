// `monocle eval report`: runs as a page that opens without a server. Knows its flags, not the page.

import ArgumentParser
import Evaluation
import Foundation
import Reporting

struct EvalReport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Make a page of runs: scores beside the model card's, every sample with its image and replies.",
        discussion: """
            The page is DIR/index.html, with its data and images beside it; it opens from the disk, without a server, and \
            fetches nothing. Runs about the same items stand side by side, the first one first; others get lines and a list of \
            samples of their own. Images come from the data that were asked about, from where the run found them or from \
            --data.

            Example: monocle eval report bf16.jsonl fp4.jsonl --margin 1 -o report
            """)

    @Argument(help: ArgumentHelp("Files that monocle eval run wrote.", valueName: "run"))
    var runs: [String]

    @Option(name: [.customShort("o"), .customLong("out")], help: ArgumentHelp("Where to write.", valueName: "dir"))
    var output: String

    @Option(help: ArgumentHelp("Where the data lie now, if not where they were.", valueName: "path"))
    var data: String?

    @Option(
        help: ArgumentHelp("Points that a run may be worse than the first, for a verdict.", valueName: "points"))
    var margin: Double?

    @Flag(help: "Leave the images out.")
    var noImages = false

    func run() throws {
        if let margin, !(margin > 0 && margin < 100) {
            throw UsageError("--margin is \(margin); expected above 0, below 100 points")
        }
        let progress = ProgressBar()
        progress.show("reading the runs")
        let runs = try runs.map { path throws(EvaluationError) in try ReportRun(reading: path) }
        let folder = URL(filePath: output, directoryHint: .isDirectory)
        let writer = ReportWriter(
            version: Version.current, data: data.map { URL(filePath: $0) }, withImages: !noImages,
            margin: margin.map { $0 / 100 })
        let warnings = try writer.write(runs, to: folder) { done, total in
            if done % 20 == 0 || done == total {
                progress.show("sample \(done) of \(total)", fraction: Double(done) / Double(max(total, 1)))
            }
        }
        progress.clear()
        for warning in warnings { Failure.warn(warning) }
        try Output.write(folder.appending(path: "index.html").relativePath + "\n")
    }
}
