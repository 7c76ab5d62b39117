// `monocle eval`: the group of verbs that measure what a model answers, and the options they share.

import ArgumentParser
import Compute
import Documents
import Evaluation
import Foundation
import Monocle

struct Eval: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Measure a model: exact answers, divergence from BF16, and whether two runs really differ.",
        discussion: """
            run asks questions and scores replies; score scores replies that were given before, by Monocle or another program; \
            fidelity leads a model and its BF16 \
            reference through the same true answers; compare puts two files of either kind side by side; report makes a \
            page of runs; convert makes parquet folders readable. Files are JSON Lines, written item by item: the \
            same command goes on where a killed one stopped. See docs/evaluation.md.
            """,
        subcommands: [
            EvalRun.self, EvalScore.self, EvalFidelity.self, EvalCompare.self, EvalReport.self, EvalConvert.self,
        ])
}

/// Which synthetic documents are asked about.
struct ItemOptions: ParsableArguments {
    @Option(
        name: .customLong("count"), help: ArgumentHelp("How many items. Default: 200.", valueName: "n"))
    var chosenCount: Int?

    @Option(help: "Same seed, same items. Default: 0.")
    var seed: UInt64?

    @Option(help: "Part of the supply. Default: \(Split.test.rawValue).")
    var split: Split?

    @Option(help: "Whose fonts and layouts to use; the split's own when not given.")
    var looks: Split?

    @Option(
        help: ArgumentHelp(
            "Levels, spread evenly over the items. Default: \(DocumentGenerator.levels.lowerBound)-\(DocumentGenerator.levels.upperBound).",
            valueName: "n-n"))
    var levels: LevelRange?

    @Option(help: "Only this family. Default: all, spread evenly over the items.")
    var family: Family?

    @Option(
        help: ArgumentHelp(
            "Side of the tiles that documents are made of. Default: the model's, or 128 where documents cannot have it.",
            valueName: "pixels"))
    var tileSize: Int?

    var count: Int { chosenCount ?? 200 }

    /// Names of the options that were given.
    var given: [String] {
        [
            ("--count", chosenCount != nil), ("--seed", seed != nil), ("--split", split != nil),
            ("--looks", looks != nil), ("--levels", levels != nil), ("--family", family != nil),
            ("--tile-size", tileSize != nil),
        ].filter(\.1).map(\.0)
    }

    func validate() throws {
        guard (1...10_000_000).contains(count) else {
            throw ValidationError("--count is \(count); expected 1 to 10000000")
        }
    }

    /// - Parameter own: the model's tile size; nil where it is not known.
    func documents(tileSize own: Int?) throws -> SyntheticDocuments {
        let usual = own.flatMap { DocumentGenerator.tileSizes.contains($0) ? $0 : nil } ?? 128
        return try SyntheticDocuments(
            seed: seed ?? 0, split: split ?? .test, looks: looks, levels: levels?.levels ?? DocumentGenerator.levels,
            family: family, tileSize: tileSize ?? usual)
    }
}

/// `3` or `0-4`.
struct LevelRange: ExpressibleByArgument {
    let levels: ClosedRange<Int>

    init?(argument: String) {
        let bounds = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard bounds.count <= 2, let first = bounds.first ?? nil, let last = bounds.last ?? nil, first <= last,
            DocumentGenerator.levels.contains(first), DocumentGenerator.levels.contains(last)
        else { return nil }
        levels = first...last
    }
}

/// Where results go, and how they are summed up.
struct ResultOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("out")],
        help: ArgumentHelp(
            "File to write, JSON Lines; one that was begun with the same settings is continued.", valueName: "path"))
    var path: String

    @Flag(help: "Print the summary as one JSON object instead of a table.")
    var json = false

    typealias Progress = (_ done: Int, _ of: Int, _ errors: Int) -> Void

    /// Begins or continues a file for each header and shows progress while `run` adds lines. Several files lie in a folder
    /// under the names that their headers give them.
    /// - Parameter retryingFailures: lines without a figure are removed first.
    /// - Returns: every line of each file.
    func results<Header: ResultHeader, Outcome: ResultOutcome>(
        _ headers: [Header], retryingFailures: Bool = false,
        addedBy run: (_ files: [ResultFile<Header, Outcome>], _ progress: Progress) async throws -> Void
    ) async throws -> [Results<Header, Outcome>] {
        let paths = try paths(headers)
        let files = try zip(paths, headers).map {
            try ResultFile<Header, Outcome>(continuing: $0, header: $1, retryingFailures: retryingFailures)
        }
        let progress = ProgressBar()
        defer { progress.clear() }
        let countdown = Countdown("item", progress)
        try await run(files) { countdown.show($0, of: $1, errors: $2) }
        return files.map(\.results)
    }

    private func paths(_ headers: [some ResultHeader]) throws -> [String] {
        guard headers.count > 1 else { return headers.map { _ in path } }
        let names = headers.map(\.fileName)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw UsageError("two results would be called \(twice); name each model and arithmetic once")
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw EvaluationError.unwritable(path: path, reason: error.localizedDescription)
        }
        return names.map { path + "/" + $0 }
    }

    struct Report<Header: Encodable, Summary: Encodable>: Encodable {
        let file: String
        let header: Header
        let summary: Summary
    }

    func print<Header: ResultHeader, Summary: Encodable>(_ results: [(Header, Summary)], text: String) throws {
        guard json else { return try Output.write(text) }
        let reports = zip(try paths(results.map(\.0)), results).map { Report(file: $0, header: $1.0, summary: $1.1) }
        if reports.count == 1 { try Output.json(reports[0]) } else { try Output.json(reports) }
    }
}
