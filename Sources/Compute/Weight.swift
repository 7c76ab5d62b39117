// Weights as the checkpoint stores them. Knows nothing of layers, files or kernels.

package import Checkpoint
import Numerics

/// A weight matrix `[outputs, inputs]` in the format of its file, used where it is mapped, with its optional bias.
///
/// Identity matters: an optimiser or a tape knows a parameter by its `Weight` object.
package final class Weight: Sendable {
    /// The checkpoint key without `.weight`.
    package let name: String
    package let outputs: Int
    package let inputs: Int
    package let format: StoredMatrix
    /// `[outputs]`, added after the product.
    package let bias: Tensor?

    package init(name: String, outputs: Int, inputs: Int, format: StoredMatrix, bias: Tensor? = nil) {
        self.name = name
        self.outputs = outputs
        self.inputs = inputs
        self.format = format
        self.bias = bias
    }

    /// Bytes a product must read: elements and block scales.
    package var byteCount: Int { format.byteCount }
}
