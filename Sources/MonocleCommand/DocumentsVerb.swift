// `monocle documents`: writes synthetic documents with questions and answers. Knows its flags and its progress bar.

import ArgumentParser
import Documents

extension Family: ExpressibleByArgument {}
extension Split: ExpressibleByArgument {}

struct DocumentsVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "documents",
        abstract:
            "Write synthetic documents: PNG images and documents.jsonl with a question and its exact answer each.",
        discussion: """
            The same seed, split, level and fonts give the same bytes. Validation and test use fonts and layouts that \
            training never shows; --looks train puts their content in training's fonts and layouts.

            Example: monocle documents --count 100 --seed 1 --level 2 --out documents
            """)

    @Option(help: "How many samples.")
    var count: Int

    @Option(help: "Same seed, same bytes.")
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Folder to write; it must not exist, or be empty.", valueName: "dir"))
    var out: String

    @Option(help: "Part of the supply.")
    var split: Split = .train

    @Option(help: "Whose fonts and layouts to use; the split's own when not given.")
    var looks: Split?

    @Option(help: "Only this family.")
    var family: Family?

    @Option(help: "0 (one tile, large, clean) to 4 (up to 12 tiles, small, turned, noisy, pale).")
    var level = 2

    @Option(help: "Side of a tile in pixels.")
    var tileSize = 128

    @Flag(help: "Print what was written as JSON.")
    var json = false

    private struct Summary: Encodable {
        let out: String
        let count: Int
        let seed: UInt64
        let split: String
        let level: Int
        let families: [String: Int]
    }

    func run() throws {
        guard count >= 1 else { throw UsageError("--count is \(count); expected 1 or more") }
        let generator = try DocumentGenerator(seed: seed, split: split, level: level, looks: looks, tileSize: tileSize)
        let folder = try DocumentFolder(creating: out)
        let progress = ProgressBar()
        defer { progress.clear() }
        let families = try folder.write(count, of: generator, family: family) { done in
            progress.show("document \(done) of \(count)", fraction: Double(done) / Double(count))
        }
        progress.clear()
        let byName = Dictionary(uniqueKeysWithValues: families.map { ($0.key.rawValue, $0.value) })
        if json {
            try Output.json(
                Summary(out: out, count: count, seed: seed, split: split.rawValue, level: level, families: byName))
        } else {
            let list = byName.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            try Output.line("wrote \(out): \(count) documents (\(list)) and \(DocumentFolder.listName)")
        }
    }
}
