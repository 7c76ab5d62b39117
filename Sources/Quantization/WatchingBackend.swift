// A backend that shows another one's linear layers to somebody. Knows nothing of what is watched for.

import Compute
import Numerics

/// Forwards every operation to `inner` and shows what went into weights and what came out of them.
final class WatchingBackend: Backend {
    /// Called on the thread that runs the model, with the input that `weights` share and the output of each.
    typealias Watch = @Sendable (_ x: Tensor, _ weights: [Weight], _ results: [Tensor]) throws(ComputeError) -> Void

    private let inner: any Backend
    private let watch: Watch

    init(_ inner: any Backend, watch: @escaping Watch) {
        self.inner = inner
        self.watch = watch
    }

    var precision: Precision { inner.precision }

    func linear(_ x: Tensor, _ weights: [Weight]) throws(ComputeError) -> [Tensor] {
        let results = try inner.linear(x, weights)
        try watch(x, weights, results)
        return results
    }

    // MARK: Forwarded

    func embed(_ ids: [Int32], table: Weight) throws(ComputeError) -> Tensor {
        try inner.embed(ids, table: table)
    }
    func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try inner.rmsNorm(x, weight: weight, epsilon: epsilon)
    }
    func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try inner.layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
    }
    func gelu(_ x: Tensor) throws(ComputeError) -> Tensor { try inner.gelu(x) }
    func swiGLU(gate: Tensor, up: Tensor) throws(ComputeError) -> Tensor {
        try inner.swiGLU(gate: gate, up: up)
    }
    func add(_ x: Tensor, _ y: Tensor) throws(ComputeError) -> Tensor { try inner.add(x, y) }
    func rope(
        _ x: Tensor, headDim: Int, positions: [Int32], frequencies: [Float]
    ) throws(ComputeError) -> Tensor {
        try inner.rope(x, headDim: headDim, positions: positions, frequencies: frequencies)
    }
    func attention(qkv: Tensor, heads: Int, segments: Int) throws(ComputeError) -> Tensor {
        try inner.attention(qkv: qkv, heads: heads, segments: segments)
    }
    func cachedAttention(
        q: Tensor, k: Tensor, v: Tensor, heads: Int, pages: KVPages, layer: Int, spans: [SequenceSpan]
    ) throws(ComputeError) -> Tensor {
        try inner.cachedAttention(q: q, k: k, v: v, heads: heads, pages: pages, layer: layer, spans: spans)
    }
    func patchify(
        _ pixels: [UInt8], tiles: Int, side: Int, patch: Int, mean: [Float], std: [Float]
    ) throws(ComputeError) -> Tensor {
        try inner.patchify(pixels, tiles: tiles, side: side, patch: patch, mean: mean, std: std)
    }
    func assembleTokens(
        patches: Tensor, positions: Tensor, prefix: Tensor
    ) throws(ComputeError) -> Tensor {
        try inner.assembleTokens(patches: patches, positions: positions, prefix: prefix)
    }
    func pixelShuffle(
        _ x: Tensor, prefix: Int, side: Int, transposed: Bool
    ) throws(ComputeError) -> Tensor {
        try inner.pixelShuffle(x, prefix: prefix, side: side, transposed: transposed)
    }
    func replacingRows(_ x: Tensor, at rows: [Int], with replacement: Tensor) throws(ComputeError) -> Tensor {
        try inner.replacingRows(x, at: rows, with: replacement)
    }
    func rows(_ x: Tensor, _ rows: [Int]) throws(ComputeError) -> Tensor { try inner.rows(x, rows) }
}
