// Makes checkpoints that are wrong in one way each.

import Checkpoint
import Foundation
import Numerics
import TestSupport

/// A copy of the shipped NVFP4 folder that a test edits: its safetensors file as names, JSON texts and bytes.
final class BrokenCheckpoint {
    struct Tensor {
        var dtype: String
        var shape: [Int]
        var bytes: Data
    }

    let folder: TemporaryFolder
    var tensors: [(name: String, tensor: Tensor)] = []

    init(_ name: String = "nvfp4") throws {
        folder = try TemporaryFolder(copying: Goldens.checkpoint(name))
        let file = try SafetensorsFile(mapping: url("model.safetensors"))
        for name in file.names {
            let view = try file.tensor(name)
            tensors.append(
                (name, Tensor(dtype: view.dtype.rawValue, shape: view.shape.extents, bytes: Data(view.bytes))))
        }
    }

    func url(_ name: String) -> URL { folder.url.appending(path: name) }

    static let layer = "language_model.model.layers.0.mlp.down_proj"

    func edit(_ name: String, _ change: (inout Tensor) -> Void) {
        for index in tensors.indices where tensors[index].name == name { change(&tensors[index].tensor) }
    }

    func remove(_ name: String) { tensors.removeAll { $0.name == name } }

    func setScalar(_ name: String, _ value: Float) {
        edit(name) { $0.bytes = withUnsafeBytes(of: value) { Data($0) } }
    }

    /// Writes the tensors back, in a plain form of the format that the package's own writer has no part in.
    func save(as name: String = "model.safetensors", only: ((String) -> Bool)? = nil) throws {
        var header: [String] = []
        var data = Data()
        for (name, tensor) in tensors where only?(name) ?? true {
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let offsets = "[\(data.count),\(data.count + tensor.bytes.count)]"
            header.append(
                "\"\(name)\":{\"dtype\":\"\(tensor.dtype)\",\"shape\":[\(shape)],\"data_offsets\":\(offsets)}")
            data += tensor.bytes
        }
        try Self.file("{" + header.joined(separator: ",") + "}", data).write(to: url(name))
    }

    /// The bytes of a safetensors file with this header, padded to eight bytes.
    static func file(_ header: String, _ data: Data = Data()) -> Data {
        var text = Data(header.utf8)
        text += Data(repeating: 0x20, count: (8 - text.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text + data
    }

    /// Edits a JSON file of the folder.
    func editJSON(_ name: String, _ change: (inout [String: Any]) -> Void) throws {
        let data = try Data(contentsOf: url(name))
        guard var object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else { return }
        change(&object)
        try JSONSerialization.data(withJSONObject: object).write(to: url(name))
    }

    /// What opening the folder says.
    func complaint() -> String {
        do {
            _ = try CheckpointFolder(at: folder.url)
            return "opened"
        } catch {
            return error.description.replacingOccurrences(of: folder.url.path + "/", with: "")
        }
    }
}
