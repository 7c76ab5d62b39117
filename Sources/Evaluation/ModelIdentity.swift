// Which model a result is about. Knows no tensors.

/// A folder's name, and a number that changes when it is trained or quantised anew.
package struct ModelIdentity: Codable, Sendable, Equatable {
    package let name: String
    /// 64 bits over name, type, shape and the first 4,096 bytes of every tensor: enough to tell two checkpoints of one
    /// run apart, not a proof that two folders are equal.
    package let fingerprint: String

    package init(name: String, fingerprint: String) {
        self.name = name
        self.fingerprint = fingerprint
    }
}
