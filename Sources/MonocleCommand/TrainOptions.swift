// Options that train and distill share: the run, the data, the device. Knows names and defaults, not how they are carried out.

import ArgumentParser
import CUDA
import Checkpoint
import Compute
import Datasets
import Documents
import Foundation
import Training

extension LearningRate.Decay: ExpressibleByArgument {}

/// Where training computes.
enum TrainingDevice: String, ExpressibleByArgument, CaseIterable {
    case cpu, cuda

    /// bf16 products with float32 sums on the processor, TF32 on a GPU; `exact` asks for float32 products, which
    /// quantised layers need because rounding is done before.
    func backend(threads: Int?, exact: Bool) throws -> any DifferentiableBackend {
        switch self {
        case .cpu: try CPUBackend(threads: threads, precision: exact ? .f32 : .w4a16)
        case .cuda: try CUDABackend(precision: exact ? .f32 : .w4a16)
        }
    }
}

/// What a step keeps in memory.
struct MemoryOptions: ParsableArguments {
    @Flag(
        help: """
            Keep the inputs of layers alone and compute a layer again for its gradients: a fraction of the memory, more \
            time, the same bits. A run may be continued with or without.
            """)
    var gradientCheckpointing = false
}

/// How long and how fast.
struct ScheduleOptions: ParsableArguments {
    @Option(help: "Updates to make.")
    var steps: Int

    @Option(help: "The learning rate after the warm-up.")
    var rate: Double?

    @Option(help: "Steps of the linear warm-up. Default: a twentieth of the steps.")
    var warmup: Int?

    @Option(help: "How the rate falls after the warm-up: constant, linear, cosine.")
    var decay: LearningRate.Decay = .cosine

    @Option(help: ArgumentHelp("Tiles of a batch at most.", valueName: "n"))
    var batchTiles = 64

    @Option(help: "Decoupled decay of weight matrices.")
    var weightDecay: Double?

    @Option(help: "Decay of the mean of squared gradients.")
    var beta2 = 0.98

    @Option(help: "Steps between two saved states.")
    var saveEvery = 500

    @Option(help: "Steps between two validations.")
    var validateEvery = 500

    @Option(help: "Validation examples.")
    var validationCount = 400

    @Option(help: ArgumentHelp("Stop with a saved state after this time.", valueName: "minutes"))
    var timeLimit: Double?

    func check() throws {
        for (name, value) in [
            ("steps", steps), ("batch-tiles", batchTiles), ("save-every", saveEvery), ("validate-every", validateEvery),
            ("validation-count", validationCount),
        ] where value < 1 {
            throw UsageError("--\(name) is \(value); expected 1 or more")
        }
        if let rate, !(rate > 0 && rate.isFinite) { throw UsageError("--rate is \(rate); expected a number above 0") }
    }

    func settings(rate standard: Double, decay weightDecay: Double, keepsBest: Bool) -> TrainingRun.Settings {
        var optimizer = AdamW.Settings()
        optimizer.weightDecay = self.weightDecay ?? weightDecay
        optimizer.beta2 = beta2
        let peak = rate ?? standard
        var settings = TrainingRun.Settings(
            rate: LearningRate(
                peak: peak, warmup: warmup ?? max(1, steps / 20), steps: steps, decay: decay, floor: peak * 0.02),
            optimizer: optimizer)
        settings.saveEvery = saveEvery
        settings.validateEvery = validateEvery
        settings.keepsBest = keepsBest
        return settings
    }

    /// What a saved state must agree with to be continued.
    func description(rate standard: Double, decay weightDecay: Double) -> String {
        "steps \(steps), rate \(rate ?? standard), warmup \(warmup ?? max(1, steps / 20)), decay \(decay.rawValue), "
            + "batch-tiles \(batchTiles), weight-decay \(self.weightDecay ?? weightDecay), beta2 \(beta2)"
    }

    var deadline: ContinuousClock.Instant? { timeLimit.map { ContinuousClock.now + .seconds($0 * 60) } }
}

/// What is learnt.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "synthetic, or a folder of images with .jsonl files of questions and answers.", valueName: "dir"))
    var data = "synthetic"

    @Option(help: "Seed of the data and its order.")
    var seed: UInt64 = 1

    @Option(help: "Highest level of synthetic documents, 0 to 4.")
    var level = 4

    @Option(help: ArgumentHelp("Lines of large type to begin with, before all other documents.", valueName: "examples"))
    var primer: UInt64 = 0

    @Option(help: ArgumentHelp("Examples over which the level then rises from 0.", valueName: "examples"))
    var ramp: UInt64 = 0

    @Option(help: ArgumentHelp("Questions about a synthetic document at most, asked in turns.", valueName: "n"))
    var turns = 1

    @Option(
        help: ArgumentHelp(
            "Families of synthetic documents and how often each is drawn, such as chart=3,diagram=3,lines.",
            valueName: "mix"))
    var families = FamilyMix()

    @Option(help: "Processes that draw synthetic documents. Default: the cores but one.")
    var workers: Int?

    var description: String {
        "data \(data), seed \(seed), level \(level), primer \(primer), ramp \(ramp), "
            + "turns \(turns), families \(families)"
    }

    /// Training examples from number `start` on.
    func batches(
        for folder: CheckpointFolder, mask: ExampleBuilder.Mask, from start: UInt64, tiles: Int
    ) throws -> PackedBatches {
        if data != "synthetic" {
            let examples = try FolderExamples(
                URL(filePath: data, directoryHint: .isDirectory), seed: seed,
                builder: try ExampleBuilder(for: folder, mask: mask))
            return PackedBatches(from: start, tiles: tiles) { try examples.example(at: $0) }
        }
        let count = workers ?? max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
        let pool = try WorkerPool(count: count, first: start) { start, step in
            (
                URL(filePath: "/proc/self/exe").resolvingSymlinksInPath(),
                [
                    DocumentWorker._commandName, folder.url.path(percentEncoded: false), "--seed", "\(seed)", "--level",
                    "\(level)", "--primer", "\(primer)", "--ramp", "\(ramp)", "--start", "\(start)", "--step",
                    "\(step)", "--mask", mask.rawValue, "--turns", "\(turns)", "--families", "\(families)",
                ]
            )
        }
        return PackedBatches(from: start, tiles: tiles) { try pool.example(at: $0) }
    }

    /// Examples that are never trained on: the synthetic validation split in training's levels, fonts and layouts; of a folder the
    /// first examples of a pass that training never makes.
    func validation(
        for folder: CheckpointFolder, mask: ExampleBuilder.Mask, count: Int, tiles: Int
    ) throws -> TrainingRun.ValidationSet {
        let builder = try ExampleBuilder(for: folder, mask: mask)
        if data != "synthetic" {
            let examples = try FolderExamples(
                URL(filePath: data, directoryHint: .isDirectory), seed: ~seed, builder: builder)
            return try PackedBatches.validation(examples, count: min(count, examples.count), tiles: tiles)
        }
        let examples = try SyntheticExamples(
            seed: seed, split: .validation, looks: .train, topLevel: level,
            tileSize: folder.configuration.vision?.tileSize ?? 128, builder: builder)
        return try PackedBatches.validation(examples, count: count, tiles: tiles)
    }
}

/// Draws training examples for another process of the program.
struct DocumentWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "document-worker", abstract: "Draw training examples for monocle train.", shouldDisplay: false)

    @Argument var folder: String
    @Option var seed: UInt64
    @Option var level: Int
    @Option var primer: UInt64
    @Option var ramp: UInt64
    @Option var turns: Int
    @Option var families: FamilyMix
    @Option var start: UInt64
    @Option var step: UInt64
    @Option var mask: ExampleBuilder.Mask

    func run() throws {
        let folder = try CheckpointFolder(at: URL(filePath: folder, directoryHint: .isDirectory))
        let examples = try SyntheticExamples(
            seed: seed, split: .train, topLevel: level, primer: primer, ramp: ramp, turns: turns,
            mix: families, tileSize: folder.configuration.vision?.tileSize ?? 128,
            builder: try ExampleBuilder(for: folder, mask: mask))
        var index = start
        while true {
            try FileHandle.standardOutput.write(contentsOf: ExampleFrame.bytes(of: examples.example(at: index)))
            index += step
        }
    }
}

extension ExampleBuilder.Mask: ExpressibleByArgument {}

extension FamilyMix: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
    var defaultValueDescription: String { "all alike" }
}
