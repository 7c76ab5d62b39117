// What a model would use of this machine: kernels and memory. Knows the folder, not the machine's state.

package import Checkpoint
package import Compute
import Engine
import Foundation
import Model
import Numerics
import OpenAIAPI

package struct ModelDiagnosis: Encodable {
    /// Layers that share part, format and kernel.
    package struct Layers: Encodable {
        package let part: String
        /// Last parts of their names, such as `q_proj`.
        package var kinds: [String]
        package let format: String
        package var count: Int
        /// Nil when the precision cannot multiply them.
        package let kernel: String?
        /// Why a faster kernel of this precision, or this precision at all, is out of reach; nil when it is not.
        package let reason: String?
    }

    package struct Memory: Encodable {
        package let contextTokens: Int
        package let weightsBytes: Int
        package let keyValueCacheBytes: Int
        package let activationsBytes: Int
        package let lmHeadCopyBytes: Int
        /// Of images kept for other questions, at most: their embeddings, and their tiles where a server keeps them.
        package let imageEmbeddingsBytes: Int
        package let imageTilesBytes: Int
        package let totalBytes: Int
    }

    package let path: String
    package let precision: String
    package private(set) var layers: [Layers] = []
    package let memory: Memory
    package let warnings: [String]
    private let sum: MemorySum

    private enum CodingKeys: CodingKey { case path, precision, layers, memory, warnings }

    package init(
        _ folder: CheckpointFolder, instructionSet: InstructionSet, precision: Precision, context: Int
    ) throws(CheckpointError) {
        path = folder.url.path(percentEncoded: false)
        self.precision = precision.rawValue
        warnings = folder.warnings
        sum = MemorySum(
            folder, context: context, keyValueType: precision == .f32 ? .f32 : .bf16, prefillChunk: 512,
            copiesHead: true, keptEmbeddings: EngineOptions.standardImageCacheBytes,
            keptTiles: Limits()[.keptImageBytes])
        memory = Memory(
            contextTokens: context, weightsBytes: sum.weights, keyValueCacheBytes: sum.keyValueCache,
            activationsBytes: sum.activations, lmHeadCopyBytes: sum.headCopy,
            imageEmbeddingsBytes: sum.imageEmbeddings, imageTilesBytes: sum.imageTiles, totalBytes: sum.total)
        let kernels = LinearKernels(
            team: ThreadTeam(threads: 1), isa: instructionSet, precision: precision, pool: TensorPool())
        for entry in folder.layout.entries {
            // The embedding is looked up, not multiplied, unless it is the head as well.
            guard case .linear(let outputs, let inputs, _, _) = entry.kind,
                entry.part != .embeddings || folder.language.tiesEmbeddings
            else { continue }
            let format = try folder.matrix(entry.path, outputs: outputs, inputs: inputs)
            let weight = Weight(name: entry.path, outputs: outputs, inputs: inputs, format: format)
            add(entry, format: format.formatName, Self.kernel(of: weight, kernels))
        }
    }

    private static func kernel(of weight: Weight, _ kernels: LinearKernels) -> (name: String?, reason: String?) {
        do {
            let support = try kernels.support(for: weight)
            if case .no(let reason) = support.fastest { return (support.kernel, reason) }
            return (support.kernel, nil)
        } catch {
            return (nil, "\(error)")
        }
    }

    private mutating func add(_ entry: Layout.Entry, format: String, _ kernel: (name: String?, reason: String?)) {
        let part = entry.part == .embeddings ? Layout.Part.head.rawValue : entry.part.rawValue
        // Names that are numbers (mlp1.1) stay whole.
        let last = entry.path.split(separator: ".").last.map(String.init) ?? entry.path
        let kind = last.allSatisfy(\.isNumber) ? entry.path : last
        let place = layers.firstIndex {
            // A layer that cannot be multiplied has a reason of its own; the first of them speaks for its kind.
            $0.part == part && $0.format == format && $0.kernel == kernel.name
                && (kernel.name == nil || $0.reason == kernel.reason)
        }
        guard let place else {
            layers.append(
                Layers(
                    part: part, kinds: [kind], format: format, count: 1, kernel: kernel.name, reason: kernel.reason))
            return
        }
        layers[place].count += 1
        if !layers[place].kinds.contains(kind) { layers[place].kinds.append(kind) }
    }

    /// What keeps the model from running, or from running at the speed of memory.
    package func problems(within host: HostMemory?) -> [Diagnosis.Problem] {
        var problems: [Diagnosis.Problem] = []
        for group in layers where group.kernel == nil {
            problems.append(
                Diagnosis.Problem(
                    problem: "\(precision) cannot run \(group.count) layers (\(group.kinds.joined(separator: ", "))): "
                        + (group.reason ?? ""),
                    remedy: "choose another --precision"))
        }
        guard let host else { return problems }
        let usable = Bytes.text(host.usable)
        let source = host.remaining.map { $0 < host.available } == true ? "its control group leaves" : "are available"
        if let obstacle = sum.obstacle(in: host) {
            problems.append(Diagnosis.Problem(problem: obstacle, remedy: "lower --context, or free memory"))
        } else if sum.total > host.usable {
            problems.append(
                Diagnosis.Problem(
                    problem: "the model needs \(Bytes.text(sum.total)), \(usable) \(source): "
                        + "weights would be read from disk again for every token",
                    remedy: "free memory, lower --context, or use a smaller model"))
        }
        return problems
    }
}
