// `monocle doctor`: what this machine offers, what a model would use of it, and what stands in the way.

import ArgumentParser
import Checkpoint
import Compute
import Foundation
import Imaging
import Monocle

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what this machine offers, which kernels a model gets and why, and what is missing.",
        discussion: """
            Without a model only the machine is examined. Exit code 0: nothing stands in the way; 3: the model folder is \
            at fault; 4: the model does not fit into memory, or something needed is missing.
            """)

    @Option(help: ArgumentHelp("A published checkpoint folder. Default: $MONOCLE_MODEL, if set.", valueName: "dir"))
    var model: String?

    @Option(help: "Arithmetic of linear layers: auto is w4a16, or w4a8 on AVX2; see docs/precision.md.")
    var precision: ArithmeticPrecision = .auto

    @Option(help: ArgumentHelp("Length of the conversation memory is summed for.", valueName: "tokens"))
    var context = ModelConfiguration.statedContext

    @Option(help: "cuda: compare the GPU with the processor, operation by operation, and time training steps on it.")
    var device: TrainingDevice = .cpu

    @Option(help: ArgumentHelp("Tiles of the training steps timed with --device cuda; 0 for none.", valueName: "n"))
    var tiles = 512

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    func validate() throws {
        guard (1...1 << 24).contains(context) else {
            throw UsageError("--context \(context): expected 1 to \(1 << 24) tokens")
        }
        guard (0...4096).contains(tiles) else { throw UsageError("--tiles \(tiles): expected 0 to 4096") }
    }

    func run() throws {
        if device == .cuda {
            let precisions = precision == .auto ? [.f32, .w4a16] : [precision.resolved(on: try .fromEnvironment())]
            let code = try DeviceCheck(precisions: precisions, json: json, tiles: tiles).run()
            if code != 0 { Foundation.exit(code) }
            return
        }
        var diagnosis = Diagnosis(
            processor: .current, instructionSet: try .fromEnvironment(), memory: .current(),
            programs: RequiredProgram.all.map { Diagnosis.Program($0, path: $0.path) },
            confinement: RequestOptions.program.flatMap { Confinement.found(by: $0) })
        if let path = model ?? ProcessInfo.processInfo.environment["MONOCLE_MODEL"], !path.isEmpty {
            try diagnosis.examine(
                URL(filePath: path, directoryHint: .isDirectory),
                precision: precision.resolved(on: try .fromEnvironment()), context: context)
        }
        if json { try Output.json(diagnosis) } else { try Output.write(diagnosis.text) }
        if diagnosis.exitCode != 0 { Foundation.exit(diagnosis.exitCode) }
    }
}
