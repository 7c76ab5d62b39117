import Checkpoint
import Compute
import Foundation
import Model
import Numerics
import TestSupport
import Testing
import Training

/// Runs, what they leave behind, and folders made of their parameters.
struct TrainingRunTests {
    /// The oracle's batch again and again, with its examples in an order that depends on the position.
    private struct Repeated: BatchSource {
        var position: UInt64
        mutating func next() throws -> Batch {
            position += 2
            return try Oracle.batch()
        }
    }

    private func run(
        steps: Int, in directory: URL, until limit: ContinuousClock.Instant? = nil, keepsBest: Bool = false,
        description: String = "test"
    ) throws -> (run: TrainingRun, isComplete: Bool) {
        let folder = try tinyFolder()
        let start = try Parameters(of: folder)
        var settings = TrainingRun.Settings(
            rate: LearningRate(peak: 2e-3, warmup: 2, steps: 6, decay: .cosine), optimizer: AdamW.Settings())
        settings.saveEvery = steps
        settings.validateEvery = 2
        settings.keepsBest = keepsBest
        let place = try RunDirectory(directory)
        let state = try place.state(from: start, settings: settings.optimizer, description: description)
        var run = try TrainingRun(
            settings, objective: Objective(), state: state, directory: place, on: try CPUBackend(precision: .f32)
        ) { (parameters: Parameters) throws(TrainingError) in try TrainableModel(folder, parameters) }
        var source = Repeated(position: state.facts[RunDirectory.positionKey].flatMap { UInt64($0) } ?? 0)
        let validation = TrainingRun.ValidationSet(batches: [(try Oracle.batch(), ["text", "image"])])
        var seen = 0
        let isComplete = try run.run(&source, validation: validation, until: limit) { event in
            if case .step = event { seen += 1 }
        }
        return (run, isComplete)
    }

    /// Stopped by the clock after its first state, then continued: same parameters and log as in one piece.
    @Test func aStoppedRunContinuesBitForBit() throws {
        let temporary = try TemporaryFolder()
        let (whole, _) = try run(steps: 6, in: temporary.url.appending(path: "whole"))
        let parts = temporary.url.appending(path: "parts")
        #expect(try run(steps: 3, in: parts, until: .now).isComplete == false, "it stops at once, with a state")
        #expect(try run(steps: 3, in: parts).isComplete)
        // A killed run's log goes beyond its last state; those lines are cut off.
        let log = parts.appending(path: "log.jsonl")
        let text = try String(contentsOf: log, encoding: .utf8)
        try Data((text + "{\"step\": 99, \"loss\": 1}\n{\"step\": 100, \"lo").utf8).write(to: log)
        let (resumed, isComplete) = try run(steps: 3, in: parts)
        #expect(isComplete && resumed.state.optimizer.step == 6)
        for (one, other) in zip(whole.result.values, resumed.result.values) { #expect(one.array() == other.array()) }
        #expect(try String(contentsOf: log, encoding: .utf8).contains("\"step\":6"))
        #expect(try !String(contentsOf: log, encoding: .utf8).contains("\"step\": 99"))
        #expect(try String(contentsOf: parts.appending(path: "loss.svg"), encoding: .utf8).contains("<polyline"))
    }

    /// What a run that was killed before its first state has left does not count in the next one.
    @Test func aRunWithoutAStateStartsAnew() throws {
        let temporary = try TemporaryFolder()
        let (whole, parts) = (temporary.url.appending(path: "whole"), temporary.url.appending(path: "parts"))
        let (expected, _) = try run(steps: 6, in: whole, keepsBest: true)
        try FileManager.default.createDirectory(at: parts, withIntermediateDirectories: true)
        try Data("{\"step\": 1, \"loss\": 1}\n{\"step\": 2, \"lo".utf8).write(to: parts.appending(path: "log.jsonl"))
        let start = try Parameters(of: try tinyFolder())
        try RunDirectory(parts).save(best: start, loss: -1)
        let (found, _) = try run(steps: 6, in: parts, keepsBest: true)
        #expect(found.best?.loss == expected.best?.loss)
        for (one, other) in zip(expected.result.values, found.result.values) { #expect(one.array() == other.array()) }
        let log = try String(contentsOf: parts.appending(path: "log.jsonl"), encoding: .utf8)
        #expect(log.split(separator: "\n").count == 9 && !log.contains("\"step\": "), "six steps and three validations")
    }

    @Test func otherSettingsAreRefused() throws {
        let temporary = try TemporaryFolder()
        _ = try run(steps: 6, in: temporary.url)
        do {
            _ = try run(steps: 6, in: temporary.url, description: "another")
            Issue.record("expected an error")
        } catch {
            #expect("\(error)".contains("another") && "\(error)".contains("--run"), "\(error)")
        }
    }

    @Test func theBestValidationIsKept() throws {
        let temporary = try TemporaryFolder()
        let (run, _) = try run(steps: 6, in: temporary.url, keepsBest: true)
        let best = try #require(run.best)
        let log = try String(contentsOf: temporary.url.appending(path: "log.jsonl"), encoding: .utf8)
        let losses = try log.split(separator: "\n").compactMap { line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            return object["exact"] == nil ? nil : object["loss"] as? Double
        }
        let least = try #require(losses.min())
        #expect(losses.count == 3 && abs(best.loss - least) < 1e-12 * least)
    }

    // MARK: Folders

    /// BF16 parameters written back are the folder they came from, tensor by tensor.
    @Test func anExportedFolderHoldsItsParameters() throws {
        let folder = try tinyFolder()
        let temporary = try TemporaryFolder()
        let url = temporary.url.appending(path: "out")
        try FolderExport(like: folder).write(try Parameters(of: folder), to: url)
        let written = try CheckpointFolder(at: url)
        #expect(Set(written.names) == Set(folder.names))
        for name in folder.names {
            let (one, other) = (try folder.tensor(name), try written.tensor(name))
            #expect(one.dtype == other.dtype && one.bytes.elementsEqual(other.bytes), "\(name)")
        }
        #expect(throws: TrainingError.self) {
            try FolderExport(like: folder).write(try Parameters(of: folder), to: url)
        }
    }

    /// The BF16 golden under the NVFP4 golden's frozen scales is Model Optimizer's own export, byte for byte.
    @Test func aQuantisedExportEqualsModelOptimizers() throws {
        let student = try CheckpointFolder(at: Goldens.checkpoint("nvfp4"))
        let temporary = try TemporaryFolder()
        let url = temporary.url.appending(path: "out")
        try FolderExport(like: student).write(try Parameters(of: try tinyFolder()), to: url)
        let written = try CheckpointFolder(at: url)
        for name in student.names {
            #expect(try student.tensor(name).bytes.elementsEqual(try written.tensor(name).bytes), "\(name)")
        }
    }

    /// What is trained is what is exported: the fake-quantised model's logits are those of the folder run as w4a4. The
    /// deployed lm_head rounds its input to bf16; and a row in which an activation fell to the other side of the middle
    /// between two NVFP4 values may differ, one in ten at most.
    @Test func exportedLogitsEqualTheFakeQuantised() throws {
        let (teacher, student) = (try tinyFolder(), try CheckpointFolder(at: Goldens.checkpoint("nvfp4")))
        let layers = try QuantizedLayers(of: student, like: teacher)
        var parameters = try Parameters(of: teacher)
        for index in parameters.values.indices {
            let moved = parameters.values[index].array().enumerated().map { $1 * (1 + 0.01 * sin(Float($0))) }
            parameters.values[index] = Tensor(moved, shape: parameters.entries[index].shape)
        }
        let temporary = try TemporaryFolder()
        let url = temporary.url.appending(path: "out")
        try FolderExport(like: student).write(parameters, to: url)
        let tokens = (0..<40).map { (i: Int) -> Int32 in Int32((7 * i + 3) % 440) }
        let batch = try Batch([Batch.Example(ids: tokens, targets: tokens.map { Optional($0) })])
        let backend = ReferenceBackend()
        let model = try TrainableModel(teacher, layers.deployed(parameters))
        let fake = try Objective(forward: layers.forward).run(batch, model, on: backend, differentiates: false).logits
        let deployed = try ReferenceBackend(precision: .w4a4)
        let network = try NemotronNanoVL(try CheckpointFolder(at: url))
        let exported = try batch.logits(of: network, on: deployed)
        let (found, expected) = (exported.array(), fake.array())
        let close = (0..<40).count { row in
            let range = row * exported.columns..<(row + 1) * exported.columns
            return relativeError(Array(found[range]), Array(expected[range])) < 5e-3
        }
        #expect(close >= 36, "\(close) of 40 rows")
    }

    @Test func studentsThatDoNotMatchAreRefused() throws {
        let teacher = try tinyFolder()
        #expect(throws: TrainingError.self) { try QuantizedLayers(of: teacher, like: teacher) }
        let temporary = try TemporaryFolder()
        let other = temporary.url.appending(path: "mini")
        try SyntheticCheckpoint(shape: .mini, format: .nvfp4, seed: 1).write(to: other)
        do {
            _ = try QuantizedLayers(of: try CheckpointFolder(at: other), like: teacher)
            Issue.record("expected an error")
        } catch {
            #expect("\(error)".contains("decoder"), "\(error)")
        }
    }

    @Test func teacherAndStudentOfEqualWeightsHaveNoDivergence() throws {
        let folder = try tinyFolder()
        let parameters = try Parameters(of: folder)
        let model = try TrainableModel(folder, parameters)
        let objective = Objective(
            measure: .kl, teacher: model, trains: TrainedPart.language.names(in: folder))
        let result = try objective.run(
            try Oracle.batch(), model, on: try CPUBackend(precision: .f32), differentiates: true)
        #expect(abs(result.loss.value) < 1e-9)
        for (entry, gradient) in zip(parameters.entries, result.gradients) {
            #expect((gradient != nil) == entry.name.hasPrefix("language_model."), "\(entry.name)")
        }
    }
}
