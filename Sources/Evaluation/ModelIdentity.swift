// Which model a result is about. Knows a folder's tensors, not what they compute.

package import Checkpoint

/// A folder's name, and a number that changes when it is trained or quantised anew.
package struct ModelIdentity: Codable, Sendable, Equatable {
    package let name: String
    /// 64 bits over name, type, shape and the first 4,096 bytes of every tensor: enough to tell two checkpoints of one
    /// run apart, not a proof that two folders are equal.
    package let fingerprint: String

    private static let bytesPerTensor = 4096

    package init(name: String, fingerprint: String) {
        self.name = name
        self.fingerprint = fingerprint
    }

    package init(_ folder: CheckpointFolder) throws(CheckpointError) {
        var hash = FNV1a()
        for name in folder.names.sorted() {
            let tensor = try folder.tensor(name)
            hash.add("\(name) \(tensor.dtype.rawValue) \(tensor.shape)".utf8)
            hash.add(tensor.bytes.prefix(Self.bytesPerTensor))
        }
        let digits = String(hash.value, radix: 16)
        self.init(
            name: folder.url.standardizedFileURL.lastPathComponent,
            fingerprint: String(repeating: "0", count: 16 - digits.count) + digits)
    }
}

/// Fowler, Noll and Vo's hash of 64 bits.
private struct FNV1a {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
}
