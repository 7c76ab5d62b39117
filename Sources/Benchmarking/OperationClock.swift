// A backend that notes how long each kind of another one's operations takes. Knows nothing of what they compute.

import Compute
import Numerics
import Synchronization

/// Forwards every operation to `inner`, which returns when it is done, and adds up the time until then.
final class OperationClock: Backend {
    private let inner: any Backend
    private let seconds = Mutex<[String: Double]>([:])

    init(_ inner: any Backend) {
        self.inner = inner
    }

    /// Seconds by operation since the last call, and none from now on.
    func take() -> [String: Double] {
        seconds.withLock { seconds in
            defer { seconds = [:] }
            return seconds
        }
    }

    private func timed<Result>(
        _ operation: String, _ body: () throws(ComputeError) -> Result
    ) throws(ComputeError) -> Result {
        let start = ContinuousClock.now
        let result = try body()
        let elapsed = start.duration(to: .now) / .seconds(1)
        seconds.withLock { $0[operation, default: 0] += elapsed }
        return result
    }

    // MARK: Backend

    var precision: Precision { inner.precision }

    func embed(_ ids: [Int32], table: Weight) throws(ComputeError) -> Tensor {
        try timed("embed") { () throws(ComputeError) in try inner.embed(ids, table: table) }
    }
    func linear(_ x: Tensor, _ weights: [Weight]) throws(ComputeError) -> [Tensor] {
        try timed("linear") { () throws(ComputeError) in try inner.linear(x, weights) }
    }
    func linear(_ input: LinearInput, _ weights: [Weight]) throws(ComputeError) -> [Tensor] {
        try timed(input.operation) { () throws(ComputeError) in try inner.linear(input, weights) }
    }
    func largest(_ x: Tensor, _ weight: Weight, count: Int) throws(ComputeError) -> [[RankedOutput]] {
        try timed("largest") { () throws(ComputeError) in try inner.largest(x, weight, count: count) }
    }
    func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try timed("rmsNorm") { () throws(ComputeError) in try inner.rmsNorm(x, weight: weight, epsilon: epsilon) }
    }
    func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try timed("layerNorm") { () throws(ComputeError) in
            try inner.layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
        }
    }
    func gelu(_ x: Tensor) throws(ComputeError) -> Tensor {
        try timed("gelu") { () throws(ComputeError) in try inner.gelu(x) }
    }
    func swiGLU(gate: Tensor, up: Tensor) throws(ComputeError) -> Tensor {
        try timed("swiGLU") { () throws(ComputeError) in try inner.swiGLU(gate: gate, up: up) }
    }
    func add(_ x: Tensor, _ y: Tensor) throws(ComputeError) -> Tensor {
        try timed("add") { () throws(ComputeError) in try inner.add(x, y) }
    }
    func rope(_ x: Tensor, headDim: Int, positions: [Int32], frequencies: [Float]) throws(ComputeError) -> Tensor {
        try timed("rope") { () throws(ComputeError) in
            try inner.rope(x, headDim: headDim, positions: positions, frequencies: frequencies)
        }
    }
    func attention(qkv: Tensor, heads: Int, segments: Int) throws(ComputeError) -> Tensor {
        try timed("attention") { () throws(ComputeError) in
            try inner.attention(qkv: qkv, heads: heads, segments: segments)
        }
    }
    func cachedAttention(
        q: Tensor, k: Tensor, v: Tensor, heads: Int, pages: KVPages, layer: Int, spans: [SequenceSpan]
    ) throws(ComputeError) -> Tensor {
        try timed("cachedAttention") { () throws(ComputeError) in
            try inner.cachedAttention(q: q, k: k, v: v, heads: heads, pages: pages, layer: layer, spans: spans)
        }
    }
    func patchify(
        _ pixels: [UInt8], tiles: Int, side: Int, patch: Int, mean: [Float], std: [Float]
    ) throws(ComputeError) -> Tensor {
        try timed("patchify") { () throws(ComputeError) in
            try inner.patchify(pixels, tiles: tiles, side: side, patch: patch, mean: mean, std: std)
        }
    }
    func assembleTokens(patches: Tensor, positions: Tensor, prefix: Tensor) throws(ComputeError) -> Tensor {
        try timed("assembleTokens") { () throws(ComputeError) in
            try inner.assembleTokens(patches: patches, positions: positions, prefix: prefix)
        }
    }
    func pixelShuffle(_ x: Tensor, prefix: Int, side: Int, transposed: Bool) throws(ComputeError) -> Tensor {
        try timed("pixelShuffle") { () throws(ComputeError) in
            try inner.pixelShuffle(x, prefix: prefix, side: side, transposed: transposed)
        }
    }
    func replacingRows(_ x: Tensor, at rows: [Int], with replacement: Tensor) throws(ComputeError) -> Tensor {
        try timed("replacingRows") { () throws(ComputeError) in
            try inner.replacingRows(x, at: rows, with: replacement)
        }
    }
    func rows(_ x: Tensor, _ rows: [Int]) throws(ComputeError) -> Tensor {
        try timed("rows") { () throws(ComputeError) in try inner.rows(x, rows) }
    }
}

extension LinearInput {
    fileprivate var operation: String {
        switch self {
        case .rows: "linear"
        case .rmsNorm: "rmsNorm and linear"
        case .layerNorm: "layerNorm and linear"
        case .gelu: "gelu and linear"
        case .swiGLU: "swiGLU and linear"
        }
    }
}
