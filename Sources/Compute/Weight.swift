// Weights as the checkpoint stores them. Knows nothing of layers, files or kernels.

package import Checkpoint
import Numerics

/// A weight matrix `[outputs, inputs]` in the format of its file, used where it is mapped, with its optional bias.
///
/// Identity matters: an optimiser or a tape knows a parameter by its `Weight` object.
package final class Weight: Sendable {
    package enum Format: Sendable {
        /// bf16, f16 or f32 elements.
        case dense(TensorView)
        /// e4m3 elements times one float32 scale; `inputScale` is calibration data that weight-only arithmetic ignores.
        case fp8(TensorView, scale: Float, inputScale: Float?)
        /// Packed e2m1 `[outputs, inputs/2]`, e4m3 block scales `[outputs, inputs/16]`, `weight_scale_2`, `input_scale`.
        case nvfp4(packed: TensorView, blockScales: TensorView, globalScale: Float, inputScale: Float?)
    }

    /// The checkpoint key without `.weight`.
    package let name: String
    package let outputs: Int
    package let inputs: Int
    package let format: Format
    /// `[outputs]`, added after the product.
    package let bias: Tensor?

    package init(name: String, outputs: Int, inputs: Int, format: Format, bias: Tensor? = nil) {
        self.name = name
        self.outputs = outputs
        self.inputs = inputs
        self.format = format
        self.bias = bias
    }

    /// Bytes a product must read: elements and block scales.
    package var byteCount: Int {
        switch format {
        case .dense(let view), .fp8(let view, _, _): view.bytes.count
        case .nvfp4(let packed, let scales, _, _): packed.bytes.count + scales.bytes.count
        }
    }
}
