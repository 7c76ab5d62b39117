// `monocle inspect`: the card of a model folder, and on request a check of every byte. Knows how to print, not to read.

import ArgumentParser
import Checkpoint
import Compute
import Foundation
import Model
import Monocle
import Prompting

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Print the model card of a checkpoint folder: parts, formats, scales, limits, and what would run it here.",
        discussion: """
            Example: monocle inspect Llama-3.1-Nemotron-Nano-VL-8B-V1-FP4-QAD --verify
            With --verify every byte is read and every fault is listed; the exit code is 3 when there is one.
            """)

    @Argument(
        help: ArgumentHelp("A checkpoint folder. Default: $MONOCLE_MODEL, or the model that ships.", valueName: "dir"))
    var folder: String?

    @Flag(help: "Read every byte and list every fault.")
    var verify = false

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    func run() throws {
        let url = try ModelFolderOption.url(folder)
        let verification = verify ? check(url) : nil
        let checkpoint: CheckpointFolder
        do {
            checkpoint = try CheckpointFolder(at: url)
        } catch {
            // Without --verify the first fault is the message; with it, all of them are the report.
            guard let verification else { throw error }
            try show(InspectReport(card: nil, here: nil, chatTemplate: nil, verification: verification))
            throw ExitCode(Failure.Code.model.rawValue)
        }
        let instructions = try InstructionSet.fromEnvironment()
        let card = ModelCard(of: checkpoint)
        let here = try ModelDiagnosis(
            checkpoint, instructionSet: instructions, precision: ArithmeticPrecision.auto.resolved(on: instructions),
            context: card.defaultContext)
        try show(
            InspectReport(card: card, here: here, chatTemplate: chatTemplate(checkpoint), verification: verification))
        if let verification, !verification.isSound { throw ExitCode(Failure.Code.model.rawValue) }
    }

    private func check(_ url: URL) -> Verification {
        let progress = ProgressBar()
        defer { progress.clear() }
        return Verification(of: url) { done, total in
            progress.show(
                "reading \(Bytes.text(done)) of \(Bytes.text(total))", fraction: Double(done) / Double(max(total, 1)))
        }
    }

    private func chatTemplate(_ checkpoint: CheckpointFolder) -> String {
        guard let template = checkpoint.configuration.tokenizer.chatTemplate else {
            return "none; the built-in one is used"
        }
        return switch ChatTemplate(template: template) {
        case .same: "the built-in one"
        case .differs(let reason): "another than the built-in one, which is used: \(reason)"
        }
    }

    private func show(_ report: InspectReport) throws {
        if json { try Output.json(report) } else { try Output.write(report.text) }
    }
}

/// What `inspect` prints.
struct InspectReport: Encodable {
    /// Nil when the folder does not open.
    let card: ModelCard?
    /// What would run the model on this machine.
    let here: ModelDiagnosis?
    let chatTemplate: String?
    /// Nil without `--verify`.
    let verification: Verification?
}
