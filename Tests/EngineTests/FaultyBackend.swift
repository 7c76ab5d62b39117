// A backend that fails when it is told to. Everything else is another backend's work.

import Compute
import Synchronization

final class FaultyBackend: Backend {
    private let base: CPUBackend
    /// Fails the n-th call from now of the named operation; nil fails none.
    private let fault = Mutex<(operation: String, calls: Int)?>(nil)

    init(_ base: CPUBackend) { self.base = base }

    var precision: Precision { base.precision }

    func fail(_ operation: String, call: Int) { fault.withLock { $0 = (operation, call) } }

    private func pass(_ operation: String) throws(ComputeError) {
        let isDue = fault.withLock { fault in
            guard let planned = fault, planned.operation == operation else { return false }
            fault = planned.calls > 1 ? (operation, planned.calls - 1) : nil
            return planned.calls <= 1
        }
        if isDue { throw .outOfMemory(what: "a test's patience", bytes: 1) }
    }

    func embed(_ ids: [Int32], table: Weight) throws(ComputeError) -> Tensor { try base.embed(ids, table: table) }
    func linear(_ x: Tensor, _ weights: [Weight]) throws(ComputeError) -> [Tensor] { try base.linear(x, weights) }
    func largest(_ x: Tensor, _ weight: Weight, count: Int) throws(ComputeError) -> [[RankedOutput]] {
        try pass("largest")
        return try base.largest(x, weight, count: count)
    }
    func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try base.rmsNorm(x, weight: weight, epsilon: epsilon)
    }
    func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try base.layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
    }
    func gelu(_ x: Tensor) throws(ComputeError) -> Tensor { try base.gelu(x) }
    func swiGLU(gate: Tensor, up: Tensor) throws(ComputeError) -> Tensor { try base.swiGLU(gate: gate, up: up) }
    func add(_ x: Tensor, _ y: Tensor) throws(ComputeError) -> Tensor { try base.add(x, y) }
    func rope(_ x: Tensor, headDim: Int, positions: [Int32], frequencies: [Float]) throws(ComputeError) -> Tensor {
        try base.rope(x, headDim: headDim, positions: positions, frequencies: frequencies)
    }
    func attention(qkv: Tensor, heads: Int, segments: Int) throws(ComputeError) -> Tensor {
        try base.attention(qkv: qkv, heads: heads, segments: segments)
    }
    func cachedAttention(
        q: Tensor, k: Tensor, v: Tensor, heads: Int, pages: KVPages, layer: Int, spans: [SequenceSpan]
    ) throws(ComputeError) -> Tensor {
        try pass("cachedAttention")
        return try base.cachedAttention(q: q, k: k, v: v, heads: heads, pages: pages, layer: layer, spans: spans)
    }
    func patchify(
        _ pixels: [UInt8], tiles: Int, side: Int, patch: Int, mean: [Float], std: [Float]
    ) throws(ComputeError) -> Tensor {
        try pass("patchify")
        return try base.patchify(pixels, tiles: tiles, side: side, patch: patch, mean: mean, std: std)
    }
    func assembleTokens(patches: Tensor, positions: Tensor, prefix: Tensor) throws(ComputeError) -> Tensor {
        try base.assembleTokens(patches: patches, positions: positions, prefix: prefix)
    }
    func pixelShuffle(_ x: Tensor, prefix: Int, side: Int, transposed: Bool) throws(ComputeError) -> Tensor {
        try base.pixelShuffle(x, prefix: prefix, side: side, transposed: transposed)
    }
    func replacingRows(_ x: Tensor, at rows: [Int], with replacement: Tensor) throws(ComputeError) -> Tensor {
        try base.replacingRows(x, at: rows, with: replacement)
    }
    func rows(_ x: Tensor, _ rows: [Int]) throws(ComputeError) -> Tensor { try base.rows(x, rows) }
}
