// The numbers that training changes, under their checkpoint keys. Knows nothing of layers or gradients.

package import Checkpoint
package import Compute
package import Numerics

/// Every parameter of a model in float32.
///
/// Values are immutable tensors, as everywhere: an update puts new tensors in place of the old ones, and a model is
/// made anew of them, which copies nothing.
package struct Parameters: Sendable {
    package struct Entry: Sendable, Hashable {
        /// The checkpoint key.
        package let name: String
        package let shape: Shape
        /// A linear layer's weight or an embedding table, and not a bias, a norm or a table of vision tokens.
        package let isMatrix: Bool

        package init(name: String, shape: Shape, isMatrix: Bool) {
            self.name = name
            self.shape = shape
            self.isMatrix = isMatrix
        }
    }

    /// In the order in which the model asks for them.
    package let entries: [Entry]
    package var values: [Tensor]

    package init(entries: [Entry], values: [Tensor]) throws(TrainingError) {
        guard entries.count == values.count else {
            throw .shape(what: "parameters", found: [values.count], expected: "\(entries.count)")
        }
        for (entry, value) in zip(entries, values) where value.shape != entry.shape {
            throw .shape(what: entry.name, found: value.shape, expected: "\(entry.shape)")
        }
        self.entries = entries
        self.values = values
    }

    /// The weights of a BF16, F16 or F32 folder, widened.
    package init(of folder: CheckpointFolder) throws(TrainingError) {
        let source = ParameterSource(folder)
        _ = try source.network(alignCorners: true)
        let made = source.made
        try self.init(
            entries: made.map { Entry(name: $0.name, shape: $0.value.shape, isMatrix: $0.isMatrix) },
            values: made.map(\.value))
    }

    /// Elements of all parameters.
    package var count: Int { entries.reduce(0) { $0 + $1.shape.count } }

    package subscript(name: String) -> Tensor? {
        entries.firstIndex { $0.name == name }.map { values[$0] }
    }
}
