// The tensors of all shards of a folder under one roof. Knows nothing of what their names mean.

package import Foundation
import Numerics

/// Every tensor of a folder's safetensors files, mapped.
package struct TensorStore: Sendable {
    package let files: [SafetensorsFile]
    package let warnings: [String]
    /// The folder, or its only file: what a message about a missing tensor names.
    private let place: String
    private let owners: [String: Int]

    /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names.
    /// - Throws: when there is neither, a shard is missing or broken, or index and shards disagree.
    package init(folder: URL) throws(CheckpointError) {
        let single = folder.appending(path: "model.safetensors")
        let index = folder.appending(path: ShardIndex.fileName)
        var warnings: [String] = []
        if Self.exists(single) {
            if Self.exists(index) {
                warnings.append("\(ShardIndex.fileName) is ignored because model.safetensors is there as well")
            }
            let file = try SafetensorsFile(mapping: single)
            files = [file]
            place = file.path
            owners = Dictionary(uniqueKeysWithValues: file.names.map { ($0, 0) })
        } else if Self.exists(index) {
            let index = try ShardIndex(file: index)
            (files, owners) = try Self.open(index, folder: folder)
            place = index.file
            let bytes = files.reduce(0) { total, file in total + file.tensors.values.reduce(0) { $0 + $1.bytes.count } }
            if let stated = index.totalSize, stated != bytes {
                warnings.append("\(index.file): total_size is \(stated), the shards hold \(bytes) bytes of tensors")
            }
        } else {
            throw .file(
                folder.path(percentEncoded: false), found: "neither model.safetensors nor \(ShardIndex.fileName)",
                expected: "a checkpoint in safetensors")
        }
        self.warnings = warnings
    }

    private static func exists(_ url: URL) -> Bool {
        // Of the link itself, so that a link to nowhere is reported when it is opened.
        (try? FileManager.default.attributesOfItem(atPath: url.path(percentEncoded: false))) != nil
    }

    private static func open(
        _ index: ShardIndex, folder: URL
    ) throws(CheckpointError) -> ([SafetensorsFile], [String: Int]) {
        var files: [SafetensorsFile] = []
        var owners: [String: Int] = [:]
        for name in index.files {
            let file = try SafetensorsFile(mapping: folder.appending(path: name))
            for tensor in file.names {
                if let other = owners.updateValue(files.count, forKey: tensor) {
                    throw .tensor(
                        tensor, file: file.path, found: "a second copy", expected: "only that in \(files[other].path)")
                }
                guard let listed = index.shards[tensor] else {
                    throw .tensor(
                        tensor, file: file.path, found: "a tensor that \(index.file) does not list",
                        expected: "every tensor listed")
                }
                guard listed == name else {
                    throw .tensor(
                        tensor, file: file.path, found: "the tensor", expected: "it in \(listed), says \(index.file)")
                }
            }
            files.append(file)
        }
        for (tensor, shard) in index.shards where owners[tensor] == nil {
            throw .tensor(
                tensor, file: folder.appending(path: shard).path(percentEncoded: false), found: "no such tensor",
                expected: "it there, says \(index.file)")
        }
        return (files, owners)
    }

    package var names: [String] { files.flatMap(\.names) }

    package func has(_ name: String) -> Bool { owners[name] != nil }

    /// The tensor called `name`.
    /// - Throws: when no file has it.
    package func tensor(_ name: String) throws(CheckpointError) -> TensorView {
        guard let owner = owners[name] else {
            throw .tensor(name, file: place, found: "no such tensor", expected: "the tensor")
        }
        return try files[owner].tensor(name)
    }

    /// Path of the file that holds `name`, or of the folder's index.
    package func file(of name: String) -> String {
        owners[name].map { files[$0].path } ?? place
    }
}
