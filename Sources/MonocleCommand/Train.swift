// `monocle train`: a BF16 folder from a folder of any weights, random ones included. Knows its flags and what it prints.

import ArgumentParser
import Checkpoint
import Compute
import Datasets
import Foundation
import Training

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model on documents and write a BF16 checkpoint.",
        discussion: """
            Starts from the weights of a BF16 folder: random ones of `monocle synth` for a model from scratch. Learns \
            synthetic documents drawn while it runs, or a folder of images with .jsonl files, one example a line: \
            {"image": "a.png", "question": "...", "answer": "..."} or {"images": [...], "messages": [...]}.

            The run folder keeps the last state (state.safetensors), the log (log.jsonl) and its plot (loss.svg). The same \
            command continues a run that was stopped, bit for bit.

            Example: monocle train mini-random mini --run mini-run --steps 20000 --batch-tiles 64
            """)

    @Argument(help: ArgumentHelp("BF16 folder whose weights the run starts from.", valueName: "source"))
    var source: String

    @Argument(help: ArgumentHelp("Folder to write; it must not exist, or be empty.", valueName: "destination"))
    var destination: String

    @Option(name: .customLong("run"), help: ArgumentHelp("Folder of the run's state and log.", valueName: "dir"))
    var runFolder: String

    @Option(help: "all, or language: encoder and projector stay as they are.")
    var train: TrainedPart = .all

    @OptionGroup var schedule: ScheduleOptions
    @OptionGroup var data: DataOptions

    @Option(help: "cpu, or cuda: an NVIDIA GPU through its driver, cuBLAS and NVRTC.")
    var device: TrainingDevice = .cpu

    @Option(help: "Threads to compute with on the processor. Results do not depend on it.")
    var threads: Int?

    @OptionGroup var memory: MemoryOptions

    @Option(help: ArgumentHelp("Bytes of tensors in a file at most.", valueName: "bytes"))
    var shardBytes = ShardedWriter.standardLimit

    func run() throws {
        try schedule.check()
        let output = URL(filePath: destination)
        _ = try DraftFolder(for: output)
        let folder = try CheckpointFolder(at: URL(filePath: source, directoryHint: .isDirectory))
        let start = try Parameters(of: folder)
        let backend = try device.backend(threads: threads, exact: false)
        let onCPU = device == .cpu
        let objective = Objective(
            trains: train.names(in: folder),
            forward: { (model: TrainableModel, _: any DifferentiableBackend) throws(TrainingError) -> ForwardWeights in
                onCPU ? ForwardWeights(roundingToBFloat16: model.weights) : ForwardWeights()
            }, recomputesLayers: memory.gradientCheckpointing)
        let session = TrainingSession(
            name: "training", schedule: schedule, data: data, mask: .prompt, train: train, rate: 1e-3,
            weightDecay: 0.05,
            keepsBest: false)
        let (run, isComplete) = try session.run(
            folder, start: start, objective: objective, directory: RunDirectory(URL(filePath: runFolder)), on: backend)
        guard isComplete else {
            try Output.line(
                "stopped at step \(run.state.optimizer.step) of \(schedule.steps); the same command goes on")
            return
        }
        try FolderExport(like: folder).write(run.result, to: output, shardLimit: shardBytes)
        try Output.line("wrote \(destination): BF16, \(start.count) parameters, \(run.state.optimizer.step) steps")
    }
}
