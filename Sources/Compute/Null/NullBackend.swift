// Right shapes, no work. Knows nothing of values: every result is zero.

/// A backend for tests of everything above arithmetic: schedulers, engines, servers.
package struct NullBackend: Backend {
    package let precision = Precision.f32

    package init() {}

    private func zeros(_ rows: Int, _ columns: Int) -> Tensor {
        Tensor([Float](repeating: 0, count: rows * columns), shape: [rows, columns])
    }

    package func embed(_ ids: [Int32], table: Weight) -> Tensor { zeros(ids.count, table.inputs) }
    package func linear(_ x: Tensor, _ weights: [Weight]) -> [Tensor] { weights.map { zeros(x.rows, $0.outputs) } }
    package func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float) -> Tensor { x }
    package func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) -> Tensor { x }
    package func gelu(_ x: Tensor) -> Tensor { x }
    package func swiGLU(gate: Tensor, up: Tensor) -> Tensor { gate }
    package func add(_ x: Tensor, _ y: Tensor) -> Tensor { x }
    package func rope(_ x: Tensor, headDim: Int, positions: [Int32], frequencies: [Float]) -> Tensor { x }
    package func attention(qkv: Tensor, heads: Int, segments: Int) -> Tensor { zeros(qkv.rows, qkv.columns / 3) }
    package func cachedAttention(
        q: Tensor, k: Tensor, v: Tensor, heads: Int, pages: KVPages, layer: Int, spans: [SequenceSpan]
    ) -> Tensor { q }
    package func patchify(
        _ pixels: [UInt8], tiles: Int, side: Int, patch: Int, mean: [Float], std: [Float]
    ) -> Tensor { zeros(tiles * (side / patch) * (side / patch), 3 * patch * patch) }
    package func assembleTokens(patches: Tensor, positions: Tensor, prefix: Tensor) -> Tensor {
        zeros(patches.rows / positions.rows * (positions.rows + prefix.rows), patches.columns)
    }
    package func pixelShuffle(_ x: Tensor, prefix: Int, side: Int, transposed: Bool) -> Tensor {
        zeros(x.rows / (prefix + side * side) * side * side / 4, 4 * x.columns)
    }
    package func replacingRows(_ x: Tensor, at rows: [Int], with replacement: Tensor) -> Tensor { x }
    package func rows(_ x: Tensor, _ rows: [Int]) -> Tensor { zeros(rows.count, x.columns) }
}
