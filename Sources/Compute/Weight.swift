// Weights as the checkpoint stores them, or as a training run holds them. Knows nothing of layers, files or kernels.

package import Checkpoint
import Numerics

/// A weight matrix `[outputs, inputs]` with its optional bias: in the format of its file, used where it is mapped, or a
/// float32 parameter in memory.
///
/// Identity matters: an optimiser or a tape knows a parameter by its `Weight` object.
package final class Weight: Sendable {
    private enum Content: Sendable {
        case stored(StoredMatrix)
        case parameter(Tensor)
    }

    /// The checkpoint key without `.weight`.
    package let name: String
    package let outputs: Int
    package let inputs: Int
    private let content: Content
    /// `[outputs]`, added after the product.
    package let bias: Tensor?

    package init(name: String, outputs: Int, inputs: Int, format: StoredMatrix, bias: Tensor? = nil) {
        self.name = name
        self.outputs = outputs
        self.inputs = inputs
        content = .stored(format)
        self.bias = bias
    }

    /// A parameter.
    /// - Parameter values: `[outputs, inputs]`.
    package init(name: String, parameter values: Tensor, bias: Tensor? = nil) {
        self.name = name
        outputs = values.rows
        inputs = values.columns
        content = .parameter(values)
        self.bias = bias
    }

    /// The elements of a parameter, `[outputs, inputs]`; nil for a weight of a file.
    package var parameter: Tensor? {
        if case .parameter(let values) = content { values } else { nil }
    }

    /// The matrix on the host; a parameter is f32.
    package var format: StoredMatrix {
        switch content {
        case .stored(let format): format
        case .parameter(let values):
            .dense(
                TensorView(
                    dtype: .f32, shape: values.shape, bytes: UnsafeRawBufferPointer(values.values),
                    owner: values.storage))
        }
    }

    /// Bytes a product must read: elements and block scales.
    package var byteCount: Int {
        switch content {
        case .stored(let format): format.byteCount
        case .parameter(let values): values.shape.count * MemoryLayout<Float>.stride
        }
    }
}

extension Weight {
    /// The elements as float32, row-major, whatever the format.
    package func floats() -> [Float] {
        switch format {
        case .dense(let view): view.floats() ?? []
        case .fp8(let view, let scale, _): (view.floats() ?? []).map { $0 * scale }
        case .nvfp4(let packed, let blockScales, let globalScale, _):
            NVFP4.dequantize(packed: packed.bytes, scales: blockScales.bytes, globalScale: globalScale)
        }
    }
}
