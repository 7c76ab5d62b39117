// `monocle distill`: an NVFP4 folder trained to answer as the BF16 model does. Knows its flags and what it prints.

import ArgumentParser
import Checkpoint
import Compute
import Datasets
import Foundation
import Training

extension Objective.Measure: ExpressibleByArgument {}
extension TrainedPart: ExpressibleByArgument {}

struct Distill: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Distil a BF16 model into its NVFP4 form (quantisation-aware distillation).",
        discussion: """
            The student is the folder that `monocle quantize --calibration` made of the teacher. It starts from the \
            teacher's weights and is run as it will be deployed: weights rounded to NVFP4 under the student's frozen \
            weight_scale_2, activations under its input_scale. Gradients pass straight through the rounding. The \
            validation with the lowest loss is exported, in the student's own layout.

            --loss kl is QAD; ce, the true answers instead of the teacher's, is QAT.

            Example: monocle distill --teacher mini --student mini-nvfp4 --out mini-qad --run qad-run --steps 400
            """)

    @Option(help: ArgumentHelp("The BF16 folder.", valueName: "dir"))
    var teacher: String

    @Option(help: ArgumentHelp("The NVFP4 folder made of it.", valueName: "dir"))
    var student: String

    @Option(help: ArgumentHelp("Folder to write; it must not exist, or be empty.", valueName: "dir"))
    var out: String

    @Option(name: .customLong("run"), help: ArgumentHelp("Folder of the run's state and log.", valueName: "dir"))
    var runFolder: String

    @Option(help: "kl: the teacher's distribution; mse: its logits; ce: the true tokens (QAT).")
    var loss: Objective.Measure = .kl

    @Option(help: "all, or language: encoder and projector stay as they are.")
    var train: TrainedPart = .language

    @Option(help: "prompt: answers alone count; none: every token of the text.")
    var mask: ExampleBuilder.Mask = .prompt

    @OptionGroup var schedule: ScheduleOptions
    @OptionGroup var data: DataOptions

    @Option(help: "cpu, or cuda: an NVIDIA GPU through its driver, cuBLAS and NVRTC.")
    var device: TrainingDevice = .cpu

    @Option(help: "Threads to compute with on the processor. Results do not depend on it.")
    var threads: Int?

    @OptionGroup var memory: MemoryOptions

    func run() throws {
        try schedule.check()
        let output = URL(filePath: out)
        _ = try DraftFolder(for: output)
        let teacherFolder = try CheckpointFolder(at: URL(filePath: teacher, directoryHint: .isDirectory))
        let studentFolder = try CheckpointFolder(at: URL(filePath: student, directoryHint: .isDirectory))
        let start = try Parameters(of: teacherFolder)
        let layers = try QuantizedLayers(of: studentFolder, like: teacherFolder)
        let backend = try device.backend(threads: threads, exact: true)
        let objective = Objective(
            measure: loss, teacher: loss == .ce ? nil : try TrainableModel(teacherFolder, start),
            trains: train.names(in: teacherFolder), forward: layers.forward, deployed: layers.deployed,
            recomputesLayers: memory.gradientCheckpointing)
        let session = TrainingSession(
            name: "distillation", schedule: schedule, data: data, mask: mask, train: train, rate: 1e-5, weightDecay: 0,
            keepsBest: true)
        let (run, isComplete) = try session.run(
            teacherFolder, start: start, objective: objective, directory: RunDirectory(URL(filePath: runFolder)),
            on: backend)
        guard isComplete else {
            try Output.line(
                "stopped at step \(run.state.optimizer.step) of \(schedule.steps); the same command goes on")
            return
        }
        try FolderExport(like: studentFolder).write(run.result, to: output)
        let best = run.best.map { ", validation loss \($0.loss)" } ?? ""
        try Output.line(
            "wrote \(out): NVFP4, \(layers.count) quantised layers, \(run.state.optimizer.step) steps\(best)")
    }
}
