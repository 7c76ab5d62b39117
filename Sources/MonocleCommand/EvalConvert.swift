// `monocle eval convert`: parquet folders as a JSONL file with images. Knows its flags only.

import ArgumentParser
import BenchmarkData
import Foundation

struct EvalConvert: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Make a Hugging Face data set of parquet files readable for --data.",
        discussion: """
            Writes items.jsonl and images/ into a folder. A Python with pyarrow does the reading: python3, or the program \
            that $MONOCLE_PYTHON names (python3 -m pip install pyarrow).

            Example: monocle eval convert lmms-lab/DocVQA/DocVQA --split validation -o docvqa
            """)

    @Argument(help: ArgumentHelp("A folder of parquet files, or one file.", valueName: "path"))
    var source: String

    @Option(help: ArgumentHelp("Read only files whose names begin so: validation, test.", valueName: "name"))
    var split = ""

    @Option(
        name: [.customShort("o"), .customLong("out")], help: ArgumentHelp("The folder to write.", valueName: "dir"))
    var target: String

    @Flag(help: "Print the summary as one JSON object.")
    var json = false

    func run() throws {
        let python = ProcessInfo.processInfo.environment["MONOCLE_PYTHON"] ?? "python3"
        let summary = try ParquetConverter(python: python).convert(
            URL(filePath: source), to: URL(filePath: target), split: split)
        guard !json else { return try Output.json(summary) }
        try Output.line("\(summary.rows) rows and \(summary.images) images of \(summary.files) files in \(target)")
    }
}
