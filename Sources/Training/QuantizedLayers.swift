// The quantised layers of a student folder and their frozen scales. Knows nothing of losses or data.

package import Checkpoint
import Compute
import Foundation
import Numerics

/// Which parameters a run changes.
package enum TrainedPart: String, Sendable, CaseIterable {
    case all
    /// The decoder, with embeddings and head; the vision encoder and the projector stay.
    case language

    /// Whether a parameter is trained, by its name.
    package func names(in folder: CheckpointFolder) -> @Sendable (_ name: String) -> Bool {
        let prefix = folder.languagePrefix
        return { name in self == .all || name.hasPrefix(prefix) }
    }
}

/// What a distilled model's forward pass rounds, read from the folder that it will be written as.
package struct QuantizedLayers: Sendable {
    private let scales: [String: ForwardWeights.Scales]

    package var count: Int { scales.count }

    /// - Throws: when the folders are not two forms of one model, or the student has no NVFP4 layer.
    package init(of student: CheckpointFolder, like teacher: CheckpointFolder) throws(TrainingError) {
        func fault(_ found: String, _ expected: String) -> TrainingError {
            .state(file: student.url.lastPathComponent, found: found, expected: expected)
        }
        guard student.language == teacher.language else {
            throw fault("a decoder of \(student.language)", "the teacher's, \(teacher.language)")
        }
        guard student.vision == teacher.vision, student.projector == teacher.projector,
            student.configuration.vision == teacher.configuration.vision
        else { throw fault("another vision encoder or projector", "the teacher's") }
        guard let one = try? Data(contentsOf: student.tokenizerURL),
            let other = try? Data(contentsOf: teacher.tokenizerURL), one == other
        else { throw fault("another tokenizer.json", "the teacher's, byte for byte") }
        var scales: [String: ForwardWeights.Scales] = [:]
        for entry in student.layout.entries {
            guard case .linear(let outputs, let inputs, _, _) = entry.kind else { continue }
            let stored: StoredMatrix
            do throws(CheckpointError) {
                stored = try student.matrix(entry.path, outputs: outputs, inputs: inputs)
            } catch {
                throw .checkpoint(error)
            }
            switch stored {
            case .dense: continue
            case .nvfp4(_, _, let global, let input):
                scales[entry.path] = ForwardWeights.Scales(global: global, input: input)
            case .fp8: throw fault("FP8 for \(entry.path)", "NVFP4 or BF16")
            }
        }
        guard !scales.isEmpty else {
            throw fault("no NVFP4 layer", "a folder made by `monocle quantize` of the teacher")
        }
        self.scales = scales
    }

    /// The quantised layers rounded to NVFP4, all others as they are.
    package func forward(
        _ model: TrainableModel, _ backend: any DifferentiableBackend
    ) throws(TrainingError) -> ForwardWeights {
        try ForwardWeights(
            quantizing: model.weights.compactMap { weight in scales[weight.name].map { (weight, $0) } }, on: backend)
    }

    /// The parameters as the exported folder will hold them: those that are not quantised rounded to bf16.
    package func deployed(_ parameters: Parameters) -> Parameters {
        var result = parameters
        for (index, entry) in parameters.entries.enumerated() {
            let path = entry.name.hasSuffix(".weight") ? String(entry.name.dropLast(7)) : entry.name
            guard scales[path] == nil else { continue }
            result.values[index] = Tensor(
                parameters.values[index].array().map { BFloat16($0).float }, shape: entry.shape)
        }
        return result
    }
}
