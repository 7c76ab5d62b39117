// Writes tensors over as many safetensors files as a size limit asks for, with the index that names them.

package import Foundation
import Numerics

/// Writes `model.safetensors`, or `model-0000i-of-0000n.safetensors` with `model.safetensors.index.json`, as Hugging
/// Face's `save_pretrained` does.
package final class ShardedWriter {
    /// Hugging Face's default shard size, in bytes.
    package static let standardLimit = 5_000_000_000

    /// The order in which the bytes must be appended.
    package let order: [TensorDeclaration]
    /// Bytes of all tensors.
    package let byteCount: Int

    private struct Shard {
        let name: String
        let tensors: [TensorDeclaration]
        let byteCount: Int
    }

    private let folder: URL
    private let metadata: [String: String]
    private let shards: [Shard]
    private var current = 0
    private var writer: SafetensorsWriter?
    private var remaining = 0

    /// Plans the shards: tensors are taken in the order given, and a new shard begins where the next would exceed the
    /// limit. Nothing is written before the first ``append(_:)``.
    package init(
        folder: URL, tensors: [TensorDeclaration], limit: Int = standardLimit,
        metadata: [String: String] = ["format": "pt"]
    ) throws(CheckpointError) {
        var groups: [(tensors: [TensorDeclaration], bytes: Int)] = []
        var total = 0
        for tensor in tensors {
            guard let bytes = tensor.byteCount, case (let sum, let overflow) = total.addingReportingOverflow(bytes),
                !overflow
            else { throw .writing(folder.path(percentEncoded: false), reason: "tensor '\(tensor.name)' is too large") }
            total = sum
            if let last = groups.last, last.bytes + bytes <= limit {
                groups[groups.count - 1].tensors.append(tensor)
                groups[groups.count - 1].bytes += bytes
            } else {
                groups.append(([tensor], bytes))
            }
        }
        if groups.isEmpty { groups.append(([], 0)) }
        let count = groups.count
        shards = groups.enumerated().map { index, group in
            let name =
                count == 1 ? "model.safetensors" : "model-\(Self.five(index + 1))-of-\(Self.five(count)).safetensors"
            return Shard(name: name, tensors: SafetensorsWriter.sorted(group.tensors), byteCount: group.bytes)
        }
        order = shards.flatMap(\.tensors)
        byteCount = total
        self.folder = folder
        self.metadata = metadata
    }

    private static func five(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    /// Appends the next bytes of the tensors in ``order``; pieces may be cut anywhere.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        var rest = bytes
        while !rest.isEmpty {
            let writer = try openShard()
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(remaining))
            try writer.append(piece)
            remaining -= piece.count
            rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
        }
    }

    /// Completes the last shard and writes the index when there are several.
    package func finish() throws(CheckpointError) {
        while current < shards.count {
            if writer == nil { try begin() }
            try completeShard()
        }
        if shards.count > 1 {
            try JSONFile.write(Array(indexText.utf8), to: folder.appending(path: ShardIndex.fileName))
        }
    }

    /// The shard with room, completing those that are full.
    private func openShard() throws(CheckpointError) -> SafetensorsWriter {
        while true {
            if let writer, remaining > 0 { return writer }
            if writer != nil { try completeShard() }
            guard current < shards.count else {
                throw .writing(folder.path(percentEncoded: false), reason: "more bytes than its tensors have")
            }
            try begin()
        }
    }

    private func begin() throws(CheckpointError) {
        let shard = shards[current]
        writer = try SafetensorsWriter(
            to: folder.appending(path: shard.name), tensors: shard.tensors, metadata: metadata)
        remaining = shard.byteCount
    }

    private func completeShard() throws(CheckpointError) {
        try writer?.finish()
        writer = nil
        current += 1
    }

    /// The index in the form of Python's `json.dumps(indent=2, sort_keys=True)` with a final line feed.
    private var indexText: String {
        let places = shards.flatMap { shard in shard.tensors.map { ($0.name, shard.name) } }
            .sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
        let lines = places.map { "    \(JSONFile.quoted($0.0)): \(JSONFile.quoted($0.1))" }
        return "{\n  \"metadata\": {\n    \"total_size\": \(byteCount)\n  },\n  \"weight_map\": {\n"
            + lines.joined(separator: ",\n") + "\n  }\n}\n"
    }
}
