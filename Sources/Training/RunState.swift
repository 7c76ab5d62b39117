// A run between two steps, on disk. Knows nothing of data or schedules beyond what a caller writes down.

import Checkpoint
import Compute
package import Foundation
import Numerics

/// Parameters, optimiser and a run's own facts (data position, seed). Restoring gives the same bits.
package struct RunState: Sendable {
    package var parameters: Parameters
    package var optimizer: AdamW
    /// Free of meaning here; kept as they are. The key `optimizer.step` is taken.
    package var facts: [String: String]

    package init(parameters: Parameters, optimizer: AdamW, facts: [String: String] = [:]) {
        self.parameters = parameters
        self.optimizer = optimizer
        self.facts = facts
    }

    private static let stepKey = "optimizer.step"
    private static let parts = ["parameter", "first", "second"]

    /// Writes one safetensors file, which appears under its name only when it is complete.
    package func save(to url: URL) throws(TrainingError) {
        var metadata = facts
        metadata[Self.stepKey] = String(optimizer.step)
        let names = parameters.entries.map(\.name)
        let places = Dictionary(zip(names, names.indices)) { first, _ in first }
        let declarations = Self.parts.flatMap { part in
            parameters.entries.map {
                TensorDeclaration(name: "\(part).\($0.name)", dtype: .f32, shape: $0.shape)
            }
        }
        do throws(CheckpointError) {
            let writer = try SafetensorsWriter(to: url, tensors: declarations, metadata: metadata)
            for declaration in writer.order {
                let halves = declaration.name.split(separator: ".", maxSplits: 1)
                guard halves.count == 2, let index = places[String(halves[1])] else { continue }
                let tensor =
                    switch halves[0] {
                    case "first": optimizer.first[index]
                    case "second": optimizer.second[index]
                    default: parameters.values[index]
                    }
                try writer.append(UnsafeRawBufferPointer(tensor.values))
            }
            try writer.finish()
        } catch {
            throw .checkpoint(error)
        }
    }

    /// Reads a saved run of a model with these parameters and settings.
    package init(restoring url: URL, like parameters: Parameters, settings: AdamW.Settings) throws(TrainingError) {
        do throws(CheckpointError) {
            let file = try SafetensorsFile(mapping: url)
            var facts = file.metadata
            guard let text = facts.removeValue(forKey: Self.stepKey), let step = Int(text), step >= 0 else {
                throw .key(
                    "__metadata__.\(Self.stepKey)", file: file.path, found: file.metadata[Self.stepKey] ?? "nothing",
                    expected: "a count")
            }
            var optimizer = AdamW(settings, for: parameters)
            var parameters = parameters
            guard file.names.count == Self.parts.count * parameters.entries.count else {
                throw .file(
                    file.path, found: "\(file.names.count) tensors",
                    expected: "\(Self.parts.count) for each of \(parameters.entries.count) parameters")
            }
            for (index, entry) in parameters.entries.enumerated() {
                let values = try Self.parts.map { part throws(CheckpointError) in
                    try Self.values("\(part).\(entry.name)", entry.shape, in: file)
                }
                parameters.values[index] = Tensor(values[0], shape: entry.shape)
                optimizer.first[index] = Tensor(values[1], shape: entry.shape)
                optimizer.second[index] = Tensor(values[2], shape: entry.shape)
            }
            optimizer.step = step
            self.init(parameters: parameters, optimizer: optimizer, facts: facts)
        } catch {
            throw .checkpoint(error)
        }
    }

    private static func values(
        _ name: String, _ shape: Shape, in file: SafetensorsFile
    ) throws(CheckpointError) -> [Float] {
        let view = try file.tensor(name)
        guard view.dtype == .f32, view.shape == shape, let values = view.floats() else {
            throw .tensor(
                name, file: file.path, found: "\(view.dtype.rawValue) \(view.shape)", expected: "F32 \(shape)")
        }
        return values
    }
}
