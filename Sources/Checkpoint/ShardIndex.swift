// model.safetensors.index.json: which shard holds which tensor. Opens no shard.

package import Foundation

/// The index of a checkpoint that is spread over several files.
package struct ShardIndex: Sendable, Hashable {
    package static let fileName = "model.safetensors.index.json"

    /// Path of the index file.
    package let file: String
    /// Tensor name to shard file name.
    package let shards: [String: String]
    /// `metadata.total_size`: bytes of all tensors.
    package let totalSize: Int?

    package var files: [String] { Set(shards.values).sorted() }

    /// Reads an index. Shards must be plain names of files beside it.
    package init(file url: URL) throws(CheckpointError) {
        let root = try ConfigurationObject(file: url)
        let map = try root.requiredObject("weight_map")
        var shards: [String: String] = [:]
        for name in map.members.keys {
            let shard = try map.requiredString(name)
            guard !shard.isEmpty, !shard.contains("/"), shard != ".", shard != "..", !shard.utf8.contains(0) else {
                throw map.fault(name, found: "'\(shard)'", expected: "the name of a file in the same folder")
            }
            shards[name] = shard
        }
        guard !shards.isEmpty else {
            throw root.fault("weight_map", found: "an empty object", expected: "tensor names and their files")
        }
        self.file = root.file
        self.shards = shards
        self.totalSize = try root.object("metadata")?.integer("total_size", in: 0...Int.max)
    }
}
