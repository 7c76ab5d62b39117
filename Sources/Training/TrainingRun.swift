// A run: steps, validation, saved states, the log. Knows nothing of documents, folders' formats or the command line.

package import Compute
import Foundation

/// An endless supply of batches that can start anywhere.
package protocol BatchSource {
    /// Examples given out so far: where a resumed run goes on.
    var position: UInt64 { get }
    mutating func next() throws -> Batch
}

/// Trains a model's parameters step by step.
///
/// Everything that decides a bit of the result is in `RunState`: parameters, both moments, the step, the data position.
/// A run that was killed and goes on from its last state ends with the same bits as one that was not.
package struct TrainingRun {
    package struct Settings: Sendable {
        package var rate: LearningRate
        package var optimizer: AdamW.Settings
        /// Steps between two saved states.
        package var saveEvery = 500
        /// Steps between two validations; one more is made at the end.
        package var validateEvery = 500
        /// The state whose validation loss is lowest is the result, instead of the last.
        package var keepsBest = false

        package init(rate: LearningRate, optimizer: AdamW.Settings) {
            self.rate = rate
            self.optimizer = optimizer
        }
    }

    /// What a step did.
    package struct Step: Codable, Sendable {
        package let step: Int
        package let loss: Double
        package let rate: Double
        package let gradientNorm: Double
        package let examples: UInt64
        package let tiles: Int
        package let tokens: Int
        /// Of the step, waiting for data included.
        package let seconds: Double
        /// Waiting for data.
        package let waited: Double
    }

    /// Figures on examples that are never trained on.
    package struct Validation: Codable, Sendable {
        package let step: Int
        package let loss: Double
        /// Share of target tokens that are the most likely ones.
        package let tokenAccuracy: Double
        /// Share of examples all of whose target tokens are: what greedy decoding would answer exactly.
        package let exact: Double
        /// The same by group of examples.
        package let exactByGroup: [String: Double]
    }

    /// Examples to validate on, and the group each belongs to.
    package struct ValidationSet: Sendable {
        package let batches: [(batch: Batch, groups: [String])]
        package init(batches: [(batch: Batch, groups: [String])]) { self.batches = batches }
    }

    package private(set) var state: RunState
    /// The parameters that `keepsBest` kept, with their validation loss.
    package private(set) var best: (parameters: Parameters, loss: Double)?
    private let settings: Settings
    private let objective: Objective
    private let model: (Parameters) throws(TrainingError) -> TrainableModel
    private let backend: any DifferentiableBackend
    private let directory: RunDirectory

    /// - Parameters:
    ///   - state: a fresh one, or the one that `directory` holds.
    ///   - model: makes the model of some parameters.
    package init(
        _ settings: Settings, objective: Objective, state: RunState, directory: RunDirectory,
        on backend: any DifferentiableBackend,
        model: @escaping (Parameters) throws(TrainingError) -> TrainableModel
    ) throws(TrainingError) {
        self.settings = settings
        self.objective = objective
        self.state = state
        self.directory = directory
        self.backend = backend
        self.model = model
        if settings.keepsBest { best = try directory.best(like: state.parameters) }
    }

    /// The parameters to export: the best of the validations, or the last.
    package var result: Parameters { best?.parameters ?? state.parameters }

    /// Runs from the state's step to the last.
    /// - Parameters:
    ///   - source: its position must be the state's.
    ///   - limit: stop with a saved state at this moment, before the last step.
    ///   - report: called after each step and validation.
    /// - Returns: whether the last step was reached.
    package mutating func run(
        _ source: inout some BatchSource, validation: ValidationSet, until limit: ContinuousClock.Instant? = nil,
        report: (_ event: Event) -> Void
    ) throws -> Bool {
        while state.optimizer.step < settings.rate.steps {
            if let limit, ContinuousClock.now >= limit {
                try save(source)
                return false
            }
            let start = ContinuousClock.now
            let batch = try source.next()
            let waited = (ContinuousClock.now - start) / .seconds(1)
            let step = state.optimizer.step
            let rate = settings.rate(step)
            let (loss, _, gradients) = try objective.run(
                batch, try model(state.parameters), on: backend, differentiates: true)
            let norm = try state.optimizer.update(&state.parameters, gradients, rate: rate, on: backend)
            let facts = Step(
                step: step + 1, loss: loss.value, rate: rate, gradientNorm: norm, examples: source.position,
                tiles: batch.tiles, tokens: batch.tokens, seconds: (ContinuousClock.now - start) / .seconds(1),
                waited: waited)
            try directory.log(facts)
            report(.step(facts))
            let done = state.optimizer.step
            if done % settings.validateEvery == 0 || done == settings.rate.steps {
                let figures = try validate(validation)
                try directory.log(figures)
                report(.validation(figures))
                if settings.keepsBest, figures.loss < best?.loss ?? .infinity {
                    best = (state.parameters, figures.loss)
                    try directory.save(best: state.parameters, loss: figures.loss)
                }
            }
            if done % settings.saveEvery == 0 || done == settings.rate.steps { try save(source) }
        }
        return true
    }

    package enum Event {
        case step(Step)
        case validation(Validation)
    }

    private mutating func save(_ source: some BatchSource) throws(TrainingError) {
        state.facts[RunDirectory.positionKey] = String(source.position)
        try directory.save(state)
    }

    /// Runs the validation set through the current parameters.
    package func validate(_ set: ValidationSet) throws(TrainingError) -> Validation {
        let model = try self.model(objective.deployed(state.parameters))
        var (loss, rows, right, items) = (0.0, 0, 0, 0)
        var byGroup: [String: (right: Int, count: Int)] = [:]
        for (batch, groups) in set.batches {
            let (batchLoss, logits, _) = try objective.run(batch, model, on: backend, differentiates: false)
            loss += batchLoss.value * Double(batch.targets.count)
            rows += batch.targets.count
            let hits = logits.largestColumns.enumerated().map { $1 == batch.targets[$0] }
            right += hits.count { $0 }
            for (range, group) in zip(batch.exampleRows, groups) {
                let isRight = hits[range].allSatisfy { $0 }
                items += isRight ? 1 : 0
                byGroup[group, default: (0, 0)].right += isRight ? 1 : 0
                byGroup[group, default: (0, 0)].count += 1
            }
        }
        let count = byGroup.values.reduce(0) { $0 + $1.count }
        return Validation(
            step: state.optimizer.step, loss: loss / Double(max(rows, 1)),
            tokenAccuracy: Double(right) / Double(max(rows, 1)), exact: Double(items) / Double(max(count, 1)),
            exactByGroup: byGroup.mapValues { Double($0.right) / Double($0.count) })
    }
}

extension Tensor {
    /// The column of each row's largest element; the first of equal ones.
    package var largestColumns: [Int32] {
        let (values, columns) = (self.values, self.columns)
        return withExtendedLifetime(storage) {
            (0..<rows).map { row in
                var best = 0
                for column in 1..<max(columns, 1) where values[row * columns + column] > values[row * columns + best] {
                    best = column
                }
                return Int32(best)
            }
        }
    }
}
