// From patch features to the decoder's embedding space. Knows nothing of the encoder's insides or of text.

package import Checkpoint
package import Compute

/// Pixel shuffle (2x2 patches to one token) and `mlp1`: LayerNorm, Linear, exact GELU, Linear.
package struct PixelShuffleProjector: Sendable {
    let norm: LayerNorm  // mlp1.0   [4 * vision width], epsilon 1e-5
    let up: Weight  // mlp1.1   [projector width, 4 * vision width]
    let down: Weight  // mlp1.3   [decoder width, projector width]
    let transposed: Bool  // ps_version "v1"

    package init(_ scope: WeightScope, shape: ProjectorShape, transposed: Bool) throws(CheckpointError) {
        norm = try LayerNorm(scope / "0", width: shape.inputs, epsilon: 1e-5)
        up = try (scope / "1").linear(outputs: shape.hidden, inputs: shape.inputs, bias: true)
        down = try (scope / "3").linear(outputs: shape.outputs, inputs: shape.hidden, bias: true)
        self.transposed = transposed
    }

    /// - Parameter features: `[tiles * (prefix + side^2), width]` from `CRadio.features`.
    /// - Returns: `[tiles * (side/2)^2, decoder width]`.
    package func run(
        _ features: Tensor, prefix: Int, side: Int, on backend: any Backend, trace: Trace? = nil
    ) throws(ComputeError) -> Tensor {
        let shuffled = try backend.pixelShuffle(features, prefix: prefix, side: side, transposed: transposed)
            .named("pixel_shuffled", trace)
        return try project(shuffled, on: backend, trace: trace)
    }

    /// `mlp1` alone. x: `[tokens, 4 * vision width]`. Returns `[tokens, decoder width]`.
    package func project(_ x: Tensor, on backend: any Backend, trace: Trace? = nil) throws(ComputeError) -> Tensor {
        let normed = try norm.input(x).named("mlp1.0", trace, on: backend)
        let inner = try backend.linear(normed, [up])[0].named("mlp1.1", trace)
        let active = try LinearInput.gelu(inner).named("mlp1.2", trace, on: backend)
        return try backend.linear(active, [down])[0].named("mlp1.3", trace)
    }
}
