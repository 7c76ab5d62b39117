// Trained parameters as a checkpoint folder: the folder they came from with their values in it. Knows no layers.

package import Checkpoint
import Compute
package import Foundation
package import Numerics

/// Writes parameters into a copy of a folder: BF16 tensors are rounded, NVFP4 layers are quantised under the folder's
/// own tensor scales by the arithmetic of the forward pass; every other file and tensor stays as it is.
package struct FolderExport {
    private let folder: CheckpointFolder
    private let arithmetic: NVFP4WeightScales

    /// - Parameter folder: BF16, or NVFP4 of the same model.
    package init(like folder: CheckpointFolder, arithmetic: NVFP4WeightScales = NVFP4WeightScales(division: .cpu)) {
        self.folder = folder
        self.arithmetic = arithmetic
    }

    private enum Content {
        case stored(TensorView)
        case rounded(Tensor)
        case packed(TensorView)
    }

    /// Writes the folder; it appears under its name when it is complete.
    /// - Parameters:
    ///   - destination: a folder that does not exist or is empty.
    ///   - shardLimit: bytes of tensors in a file at most.
    package func write(
        _ parameters: Parameters, to destination: URL, shardLimit: Int = ShardedWriter.standardLimit
    ) throws(TrainingError) {
        let contents = try self.contents(parameters)
        do throws(CheckpointError) {
            let draft = try DraftFolder(for: destination)
            try copySideFiles(to: draft.url)
            let writer = try ShardedWriter(folder: draft.url, tensors: contents.map(\.0), limit: shardLimit)
            let byName = Dictionary(contents.map { ($0.0.name, $0.1) }) { first, _ in first }
            for declaration in writer.order {
                switch byName[declaration.name] {
                case .stored(let view)?, .packed(let view)?: try writer.append(view.bytes)
                case .rounded(let tensor)?:
                    let bits = withExtendedLifetime(tensor.storage) { BFloat16.bits(of: tensor.values) }
                    try bits.withUnsafeBufferPointer { (bits) throws(CheckpointError) in
                        try writer.append(UnsafeRawBufferPointer(bits))
                    }
                case nil: break
                }
            }
            try writer.finish()
            try draft.complete()
        } catch {
            throw .checkpoint(error)
        }
    }

    private func contents(_ parameters: Parameters) throws(TrainingError) -> [(TensorDeclaration, Content)] {
        let values = Dictionary(zip(parameters.entries.map(\.name), parameters.values)) { first, _ in first }
        var result: [(TensorDeclaration, Content)] = []
        for name in folder.names {
            let view: TensorView
            do throws(CheckpointError) {
                view = try folder.tensor(name)
            } catch {
                throw .checkpoint(error)
            }
            func add(_ dtype: DType, _ content: Content) {
                result.append((TensorDeclaration(name: name, dtype: dtype, shape: view.shape), content))
            }
            let path = name.hasSuffix(".weight_scale") ? String(name.dropLast(13)) : String(name.dropLast(7))
            switch (view.dtype, values[name] ?? values[path + ".weight"]) {
            case (.u8, let value?), (.f8e4m3, let value?):
                add(view.dtype, .packed(try quantized(value, path: path, wantsScales: view.dtype == .f8e4m3)))
            case (.bf16, _?) where values[name] != nil: add(.bf16, .rounded(values[name] ?? .zeros(view.shape)))
            case (.f32, _?) where values[name] != nil:
                let value = values[name] ?? .zeros(view.shape)
                add(
                    .f32,
                    .stored(
                        TensorView(
                            dtype: .f32, shape: view.shape, bytes: UnsafeRawBufferPointer(value.values),
                            owner: value.storage)))
            default: add(view.dtype, .stored(view))
            }
        }
        return result
    }

    private func quantized(_ value: Tensor, path: String, wantsScales: Bool) throws(TrainingError) -> TensorView {
        let stored: StoredMatrix
        do throws(CheckpointError) {
            stored = try folder.matrix(path, outputs: value.rows, inputs: value.columns)
        } catch {
            throw .checkpoint(error)
        }
        guard case .nvfp4(_, _, let globalScale, _) = stored else {
            throw .state(
                file: folder.url.lastPathComponent, found: "\(stored.formatName) for \(path)", expected: "NVFP4 or BF16"
            )
        }
        let form = ReferenceBackend().nvfp4Form(
            of: Weight(name: path, parameter: value), globalScale: globalScale, arithmetic: arithmetic)
        guard case .nvfp4(let packed, let scales, _, _) = form.format else {
            throw .state(file: path, found: form.format.formatName, expected: "NVFP4")
        }
        return wantsScales ? scales : packed
    }

    /// Files that describe the weights that were there before.
    private static let stale: Set = [ShardIndex.fileName, "quantization_report.json"]

    /// A trained model is not one of random weights.
    private func removeSyntheticMark(in file: URL) throws {
        let members = try ConfigurationObject(file: file).members
        guard members[ModelConfiguration.syntheticKey] != nil else { return }
        let kept = members.filter { $0.key != ModelConfiguration.syntheticKey }
            .map { ($0.key, JSONFile.Value($0.value)) }
        try JSONFile.write(Array((JSONFile.text(.sorted(kept)) + "\n").utf8), to: file)
    }

    /// Everything beside the weights.
    private func copySideFiles(to draft: URL) throws(CheckpointError) {
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.url.path(percentEncoded: false))
            where !name.hasPrefix(".") && !name.hasSuffix(".safetensors") && !Self.stale.contains(name) {
                let source = folder.url.appending(path: name).resolvingSymlinksInPath()
                guard try source.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
                try Data(contentsOf: source).write(to: draft.appending(path: name))
            }
            try removeSyntheticMark(in: draft.appending(path: "config.json"))
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .writing(draft.path(percentEncoded: false), reason: (error as NSError).localizedDescription)
        }
    }
}
