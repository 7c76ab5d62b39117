// The gradients of one backward pass, by parameter. Knows nothing of names.

package import Compute

/// Gradients of a scalar with respect to parameters: a `Weight` is known by its object, a vector or table by its
/// storage.
package struct Gradients: Sendable {
    private var sums: [ObjectIdentifier: Tensor] = [:]

    /// Of a weight's matrix, `[outputs, inputs]`; nil when the scalar does not depend on it.
    package subscript(weight: Weight) -> Tensor? { sums[ObjectIdentifier(weight)] }
    /// Of a bias, a norm's gain, a table; nil when the scalar does not depend on it.
    package subscript(tensor: Tensor) -> Tensor? { sums[tensor.node] }
    package subscript(node: ObjectIdentifier) -> Tensor? { sums[node] }

    /// As what an operation gives its arguments.
    var shares: [Tape.Share] { sums.map { Tape.Share(node: $0.key, gradient: $0.value) } }

    mutating func add(
        _ gradient: Tensor, to node: ObjectIdentifier, on backend: any DifferentiableBackend
    ) throws(ComputeError) {
        guard let sum = sums[node] else {
            sums[node] = gradient
            return
        }
        sums[node] = try backend.add(sum, gradient.reshaped(sum.shape))
    }

    mutating func remove(_ node: ObjectIdentifier) -> Tensor? { sums.removeValue(forKey: node) }
}

extension Tensor {
    /// The tensor's identity in a computation.
    package var node: ObjectIdentifier { ObjectIdentifier(storage) }
}
