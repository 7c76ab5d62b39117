// A backend that watches another one's linear layers. Knows largest magnitudes, not what they are used for.

package import Compute
import Numerics
import Synchronization

/// Forwards every operation to `inner` and remembers the largest magnitude that went into each weight.
package final class CalibratingBackend: Backend {
    private let inner: any Backend
    private let ranges = Mutex<[String: Float]>([:])

    package init(_ inner: any Backend) { self.inner = inner }

    /// The largest |x| seen by each weight, by its path, as a bf16 value: what a model run in bf16 would show. Infinite
    /// or NaN when an input was not finite.
    package var largestInputs: [String: Float] { ranges.withLock { $0 } }

    package var precision: Precision { inner.precision }

    package func linear(_ x: Tensor, _ weights: [Weight]) throws(ComputeError) -> [Tensor] {
        let largest = BFloat16(Self.largest(x)).float
        ranges.withLock { ranges in
            for weight in weights {
                // A NaN wins over everything.
                if let known = ranges[weight.name], known.isNaN || known >= largest { continue }
                ranges[weight.name] = largest
            }
        }
        return try inner.linear(x, weights)
    }

    private static func largest(_ x: Tensor) -> Float {
        withExtendedLifetime(x.storage) {
            // Patterns of magnitudes order as the magnitudes do, with infinity and NaN above all others.
            Float(bitPattern: x.values.reduce(into: 0 as UInt32) { $0 = max($0, $1.bitPattern & 0x7FFF_FFFF) })
        }
    }

    // MARK: Forwarded

    package func embed(_ ids: [Int32], table: Weight) throws(ComputeError) -> Tensor {
        try inner.embed(ids, table: table)
    }
    package func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try inner.rmsNorm(x, weight: weight, epsilon: epsilon)
    }
    package func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try inner.layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
    }
    package func gelu(_ x: Tensor) throws(ComputeError) -> Tensor { try inner.gelu(x) }
    package func swiGLU(gate: Tensor, up: Tensor) throws(ComputeError) -> Tensor {
        try inner.swiGLU(gate: gate, up: up)
    }
    package func add(_ x: Tensor, _ y: Tensor) throws(ComputeError) -> Tensor { try inner.add(x, y) }
    package func rope(
        _ x: Tensor, headDim: Int, positions: [Int32], frequencies: [Float]
    ) throws(ComputeError) -> Tensor {
        try inner.rope(x, headDim: headDim, positions: positions, frequencies: frequencies)
    }
    package func attention(qkv: Tensor, heads: Int, segments: Int) throws(ComputeError) -> Tensor {
        try inner.attention(qkv: qkv, heads: heads, segments: segments)
    }
    package func cachedAttention(
        q: Tensor, k: Tensor, v: Tensor, heads: Int, pages: KVPages, layer: Int, spans: [SequenceSpan]
    ) throws(ComputeError) -> Tensor {
        try inner.cachedAttention(q: q, k: k, v: v, heads: heads, pages: pages, layer: layer, spans: spans)
    }
    package func patchify(
        _ pixels: [UInt8], tiles: Int, side: Int, patch: Int, mean: [Float], std: [Float]
    ) throws(ComputeError) -> Tensor {
        try inner.patchify(pixels, tiles: tiles, side: side, patch: patch, mean: mean, std: std)
    }
    package func assembleTokens(
        patches: Tensor, positions: Tensor, prefix: Tensor
    ) throws(ComputeError) -> Tensor {
        try inner.assembleTokens(patches: patches, positions: positions, prefix: prefix)
    }
    package func pixelShuffle(
        _ x: Tensor, prefix: Int, side: Int, transposed: Bool
    ) throws(ComputeError) -> Tensor {
        try inner.pixelShuffle(x, prefix: prefix, side: side, transposed: transposed)
    }
    package func replacingRows(_ x: Tensor, at rows: [Int], with replacement: Tensor) throws(ComputeError) -> Tensor {
        try inner.replacingRows(x, at: rows, with: replacement)
    }
    package func rows(_ x: Tensor, _ rows: [Int]) throws(ComputeError) -> Tensor { try inner.rows(x, rows) }
}
