// `monocle synth`: a random checkpoint in the published layout. Knows its flags and its progress bar.

import ArgumentParser
import Checkpoint
import Foundation
import Model
import Tokenization

extension SyntheticShape: ExpressibleByArgument {}
extension SyntheticFormat: ExpressibleByArgument {}

struct Synth: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a checkpoint of random weights in the exact published layout, for trying and measuring.",
        discussion: """
            8b has every shape of Llama-3.1-Nemotron-Nano-VL-8B, tokenizer included; its answers are random words, its speed \
            is real. The same shape, format and seed give the same bytes.

            mini is a size to train: monocle train starts from such a folder. --text FILE learns the tokenizer's merges \
            from a text instead of making them by rule.

            Example: monocle synth --shape 8b --format nvfp4 --out random-8b
            """)

    @Option(help: "Sizes of the model.")
    var shape: SyntheticShape

    @Option(help: "Format of the decoder's linear layers.")
    var format: SyntheticFormat

    @Option(help: ArgumentHelp("Learn the tokenizer's merges from this text (UTF-8).", valueName: "file"))
    var text: String?

    @Option(help: "Same seed, same bytes.")
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Folder to write; it must not exist, or be empty.", valueName: "dir"))
    var out: String

    func run() throws {
        let progress = ProgressBar()
        defer { progress.clear() }
        let merges = try text.map { path in
            let data: Data
            do {
                data = try Data(contentsOf: URL(filePath: path))
            } catch {
                throw UsageError("--text \(path): cannot be read: \((error as NSError).localizedDescription)")
            }
            guard let text = String(data: data, encoding: .utf8) else {
                throw UsageError("--text \(path): found bytes that are not UTF-8; expected a text file")
            }
            return try BytePairTrainer.merges(of: text, count: SyntheticCheckpoint.mergeCount(of: shape))
        }
        let checkpoint = SyntheticCheckpoint(shape: shape, format: format, seed: seed, merges: merges)
        try checkpoint.write(to: URL(filePath: out)) { done, total in
            progress.show(
                "writing \(Bytes.text(done)) of \(Bytes.text(total))", fraction: Double(done) / Double(max(total, 1)))
        }
        progress.clear()
        try Output.line(
            "wrote \(out): random weights, \(shape.rawValue), \(format.rawValue), \(Bytes.text(checkpoint.byteCount))")
    }
}
