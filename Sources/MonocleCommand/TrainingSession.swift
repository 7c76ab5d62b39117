// A run as the command line carries it out: start or resume, progress line, figures. Knows no verb's flags but the shared.

import Checkpoint
import Compute
import Datasets
import Foundation
import Training

struct TrainingSession {
    let name: String
    let schedule: ScheduleOptions
    let data: DataOptions
    let mask: ExampleBuilder.Mask
    let train: TrainedPart
    let rate: Double
    let weightDecay: Double
    let keepsBest: Bool

    /// Runs to the last step or the time limit.
    func run(
        _ folder: CheckpointFolder, start: Parameters, objective: Objective, directory: RunDirectory,
        on backend: any DifferentiableBackend
    ) throws -> (run: TrainingRun, isComplete: Bool) {
        let settings = schedule.settings(rate: rate, decay: weightDecay, keepsBest: keepsBest)
        let description =
            schedule.description(rate: rate, decay: weightDecay) + ", " + data.description
            + ", loss \(objective.measure.rawValue), mask \(mask.rawValue), train \(train.rawValue)"
        let state = try directory.state(from: start, settings: settings.optimizer, description: description)
        let position = state.facts[RunDirectory.positionKey].flatMap { UInt64($0) } ?? 0
        let progress = ProgressBar()
        defer { progress.clear() }
        progress.show("drawing \(schedule.validationCount) validation examples")
        let validation = try data.validation(
            for: folder, mask: mask, count: schedule.validationCount, tiles: schedule.batchTiles)
        var source = try data.batches(for: folder, mask: mask, from: position, tiles: schedule.batchTiles)
        var run = try TrainingRun(
            settings, objective: objective, state: state, directory: directory, on: backend
        ) { (parameters: Parameters) throws(TrainingError) in try TrainableModel(folder, parameters) }
        var recent: [TrainingRun.Step] = []
        let isComplete = try run.run(&source, validation: validation, until: schedule.deadline) { event in
            switch event {
            case .step(let step):
                recent.append(step)
                if recent.count > 50 { recent.removeFirst() }
                progress.show(line(recent), fraction: Double(step.step) / Double(schedule.steps))
                if step.step % 100 == 0 { note(line(recent), progress) }
            case .validation(let figures):
                let groups = figures.exactByGroup.sorted { $0.key < $1.key }
                    .map { "\($0.key) \(Self.percent($0.value))" }.joined(separator: ", ")
                note(
                    "step \(figures.step): validation loss \(Self.number(figures.loss)), exact "
                        + "\(Self.percent(figures.exact)) (\(groups))", progress)
            }
        }
        return (run, isComplete)
    }

    private func note(_ text: String, _ progress: ProgressBar) {
        progress.clear()
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// The means of the last steps.
    private func line(_ steps: [TrainingRun.Step]) -> String {
        guard let last = steps.last else { return name }
        let count = Double(steps.count)
        let seconds = steps.reduce(0) { $0 + $1.seconds }
        let left = Duration.seconds(seconds / count * Double(schedule.steps - last.step))
        return "\(name) step \(last.step): loss \(Self.number(steps.reduce(0) { $0 + $1.loss } / count)), "
            + "\(Int(Double(steps.reduce(0) { $0 + $1.tiles }) / seconds)) tiles/s, "
            + "\(Int(Double(steps.reduce(0) { $0 + $1.tokens }) / seconds)) tokens/s, "
            + "\(Self.number(seconds / count * 1000)) ms, waiting "
            + "\(Self.percent(steps.reduce(0) { $0 + $1.waited } / seconds)), "
            + "left \(left.formatted(.time(pattern: .hourMinuteSecond)))"
    }

    private static func number(_ value: Double) -> String { value.formatted(.number.precision(.significantDigits(4))) }
    private static func percent(_ value: Double) -> String {
        value.formatted(.percent.precision(.fractionLength(1)))
    }
}
