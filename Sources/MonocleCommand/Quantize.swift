// `monocle quantize`: a BF16 folder to an NVFP4 folder. Knows its flags and what it prints, not the arithmetic.

import ArgumentParser
import Checkpoint
import Compute
import Foundation
import Model
import Monocle
import Numerics
import Quantization

extension Recipe: ExpressibleByArgument {}
extension NVFP4WeightScales.Division: ExpressibleByArgument {}

struct Quantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Quantise a BF16 checkpoint to NVFP4 and write the folder NVIDIA's exporter would write.",
        discussion: """
            The decoder's linear layers become NVFP4; embeddings, lm_head, vision encoder and projector stay. With \
            --calibration the model is run on prompts to find the range of its activations, and the result is a W4A4 \
            checkpoint; without it weights alone are quantised, and the folder says so (W4A16_NVFP4).

            A calibration file has one JSON object a line: {"text": "What is the total?", "image": "receipt.png"}; the \
            image is optional and is found beside the file. `synthetic` stands for random tokens and noise: better \
            than no input scales where there is no data, worse than any data.

            Example: monocle quantize Nano-VL-8B-BF16 Nano-VL-8B-NVFP4 --recipe sweep-256 --calibration prompts.jsonl
            """)

    @Argument(help: ArgumentHelp("The BF16 checkpoint folder.", valueName: "source"))
    var source: String

    @Argument(help: ArgumentHelp("Folder to write; it must not exist, or be empty.", valueName: "destination"))
    var destination: String

    @Option(help: "How block scales are chosen; see docs/quantization.md.")
    var recipe: Recipe = .max

    @Option(help: "Divide by constants as PyTorch does on this device: cuda equals NVIDIA's releases to the bit.")
    var arithmetic: NVFP4WeightScales.Division = .cpu

    @Option(
        help: ArgumentHelp("The Model Optimizer release whose rules to follow. Default: 0.47.0.", valueName: "version"))
    var compatVersion: String?

    @Option(
        help: ArgumentHelp(
            "Prompts to calibrate input scales with: a JSON Lines file, or synthetic.", valueName: "file"))
    var calibration: String?

    @Option(help: ArgumentHelp("Calibration prompts at most.", valueName: "n"))
    var samples = 128

    @Option(help: "Seed of synthetic calibration.")
    var seed: UInt64 = 0

    @Option(help: "Declare an FP8 key-value cache, without scales.")
    var kvCache: DeclaredCache?

    @Flag(help: "Print the report as one JSON object instead of text.")
    var json = false

    enum DeclaredCache: String, ExpressibleByArgument, CaseIterable { case fp8 }

    func run() throws {
        let version = try compatVersion.map { try CompatibleVersion($0) } ?? .current
        guard (1...100_000).contains(samples) else {
            throw UsageError("--samples \(samples): expected 1 to 100000")
        }
        let progress = ProgressBar()
        defer { progress.clear() }
        let folder = try CheckpointFolder(at: URL(filePath: source, directoryHint: .isDirectory))
        let quantizer = try CheckpointQuantizer(
            folder,
            CheckpointQuantizer.Options(
                recipe: recipe, division: arithmetic, version: version, declaresFP8Cache: kvCache == .fp8))
        try quantizer.checkDestination(URL(filePath: destination))
        let ranges = try calibration.map { try calibrate(folder, $0, progress) }
        let report = try quantizer.write(to: URL(filePath: destination), calibration: ranges) { stage, done, total in
            progress.show(
                "\(stage.rawValue): \(Bytes.text(done)) of \(Bytes.text(total))",
                fraction: Double(done) / Double(max(total, 1)))
        }
        progress.clear()
        if json { try Output.json(report) } else { try Output.write(report.text(destination: destination)) }
    }

    private func calibrate(_ folder: CheckpointFolder, _ source: String, _ progress: ProgressBar) throws -> Calibration
    {
        func run(_ count: Int, _ name: String, _ sample: (Int) throws -> CalibrationSample) throws -> Calibration {
            try Calibration(
                folder, count: count, source: name, on: CPUBackend(precision: .w4a16),
                progress: { done, total in
                    progress.show(
                        "calibrating: prompt \(done) of \(total)", fraction: Double(done) / Double(max(total, 1)))
                }, sample: sample)
        }
        if source == "synthetic" {
            Failure.warn("calibrating on random tokens and noise: input scales are a rough guess")
            return try run(samples, source) { CalibrationSample.synthetic(for: folder, seed: seed &+ UInt64($0)) }
        }
        let file = try CalibrationFile(URL(filePath: source))
        let model = try VisionLanguageModel(folder: folder, options: LoadOptions(precision: .w4a16))
        return try run(min(samples, file.count), file.name) { try file.sample($0, for: model) }
    }
}
