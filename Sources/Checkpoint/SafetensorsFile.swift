// One safetensors file, mapped and checked. Knows nothing of models, shards or what a name means.

package import Foundation
import Numerics

/// The tensors of a mapped safetensors file. Opening reads the header only; weights are read when they are used.
package struct SafetensorsFile: Sendable {
    package let mapping: MappedFile
    /// Names in the order of their bytes.
    package let names: [String]
    package let tensors: [String: TensorView]
    /// `__metadata__` of the header.
    package let metadata: [String: String]

    package var path: String { mapping.path }

    /// Maps and checks `url`.
    /// - Throws: for everything `SafetensorsHeader` refuses, and for a file that cannot be read.
    package init(mapping url: URL) throws(CheckpointError) {
        let mapping = try MappedFile(url)
        let header = try SafetensorsHeader(prefix: mapping.bytes, fileSize: mapping.byteCount, file: mapping.path)
        try mapping.checkUnchanged()
        var tensors: [String: TensorView] = [:]
        tensors.reserveCapacity(header.entries.count)
        for entry in header.entries {
            let bytes = UnsafeRawBufferPointer(rebasing: mapping.bytes[entry.range])
            // Files written before the format aligned its header may hold odd addresses: those are used from a copy.
            let aligned = entry.range.lowerBound % entry.dtype.size == 0
            tensors[entry.name] =
                aligned
                ? TensorView(dtype: entry.dtype, shape: entry.shape, bytes: bytes, owner: mapping)
                : TensorView(copying: Array(bytes), dtype: entry.dtype, shape: entry.shape)
        }
        self.mapping = mapping
        self.names = header.entries.map(\.name)
        self.tensors = tensors
        self.metadata = header.metadata
    }

    /// The tensor called `name`.
    /// - Throws: when the file has none.
    package func tensor(_ name: String) throws(CheckpointError) -> TensorView {
        guard let view = tensors[name] else {
            throw .tensor(name, file: path, found: "no such tensor", expected: "one of the file's \(names.count)")
        }
        return view
    }
}
