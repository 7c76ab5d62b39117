// The identity of a checkpoint folder. Knows its tensors, not what they compute.

import BenchmarkData
package import Checkpoint

extension ModelIdentity {
    private static let bytesPerTensor = 4096

    package init(_ folder: CheckpointFolder) throws(CheckpointError) {
        var hash = FNV1a()
        for name in folder.names.sorted() {
            let tensor = try folder.tensor(name)
            hash.add("\(name) \(tensor.dtype.rawValue) \(tensor.shape)")
            hash.add(UnsafeRawBufferPointer(rebasing: tensor.bytes.prefix(Self.bytesPerTensor)).bytes)
        }
        self.init(name: folder.url.standardizedFileURL.lastPathComponent, fingerprint: hash.digits)
    }
}
