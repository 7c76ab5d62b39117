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

            Calibration prompts come from a file with one JSON object a line, {"text": "What is the total?", "image": \
            "receipt.png"} (the image is optional and is found beside the file), from a folder that `monocle documents` \
            wrote, or from a folder of images, which are asked to be read. `synthetic` stands for random tokens and \
            noise: better than no input scales where there is no data, worse than any data.

            The recipes gptq and awq-lite choose weights by what the prompts send through each layer, and need \
            --calibration; they take hours for 8B models on few cores, the others minutes.

            Example: monocle quantize Nano-VL-8B-BF16 Nano-VL-8B-NVFP4 --recipe sweep-256 --calibration prompts.jsonl
            """)

    @Argument(help: ArgumentHelp("The BF16 checkpoint folder.", valueName: "source"))
    var source: String

    @Argument(help: ArgumentHelp("Folder to write; it must not exist, or be empty.", valueName: "destination"))
    var destination: String

    @Option(help: "How weights are rounded; see docs/quantization.md.")
    var recipe: Recipe = .max

    @Option(help: "Divide by constants as PyTorch does on this device: cuda equals NVIDIA's releases to the bit.")
    var arithmetic: NVFP4WeightScales.Division = .cpu

    @Option(
        help: ArgumentHelp("The Model Optimizer release whose rules to follow. Default: 0.47.0.", valueName: "version"))
    var compatVersion: String?

    @Option(
        help: ArgumentHelp(
            "Prompts to calibrate with: a JSON Lines file, a folder of documents or images, or synthetic.",
            valueName: "source"))
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
        let target = URL(filePath: destination)
        let show = { (stage: CheckpointQuantizer.Stage, done: Int, total: Int) in
            let amount =
                switch stage {
                case .calibrating: "prompt \(done) of \(total)"
                case .layers: "layer \(done) of \(total)"
                case .ranges, .writing: "\(Bytes.text(done)) of \(Bytes.text(total))"
                }
            progress.show("\(stage.rawValue): \(amount)", fraction: Double(done) / Double(max(total, 1)))
        }
        let report =
            if let calibration {
                try quantizer.write(
                    to: target, prompts: prompts(calibration, folder), on: CPUBackend(precision: .w4a16),
                    products: Products(on: CPUBackend(precision: .f32)), progress: show)
            } else {
                try quantizer.write(to: target, calibration: nil, progress: show)
            }
        progress.clear()
        if json { try Output.json(report) } else { try Output.write(report.text(destination: destination)) }
    }

    private func prompts(_ source: String, _ folder: CheckpointFolder) throws -> CalibrationPrompts {
        if source == "synthetic" {
            Failure.warn("calibrating on random tokens and noise: input scales are a rough guess")
            let seed = seed
            return try CalibrationPrompts(source: source, count: samples) {
                CalibrationSample.synthetic(for: folder, seed: seed &+ UInt64($0))
            }
        }
        return try CalibrationSource(source).prompts(
            atMost: samples,
            for: VisionLanguageModel(folder: folder, options: LoadOptions(precision: .w4a16)))
    }
}
