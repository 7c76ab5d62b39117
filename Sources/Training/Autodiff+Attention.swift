// Recording both kinds of attention.

package import Compute
import Numerics

extension Autodiff {
    package func attention(qkv: Tensor, heads: Int, segments: Int) throws(ComputeError) -> Tensor {
        let y = try backend.attention(qkv: qkv, heads: heads, segments: segments)
        return record(y, of: [qkv]) { [backend] dy throws(ComputeError) in
            let (width, tokens) = (qkv.columns / 3, qkv.rows / segments)
            let parts = qkv.split(columns: 3)
            let gradient = try backend.attentionGradient(
                dy, q: parts[0], k: parts[1], v: parts[2],
                heads: AttentionHeads(query: heads, keyValue: heads, headDim: width / heads),
                segments: (0..<segments).map { $0 * tokens..<($0 + 1) * tokens }, causal: false)
            return [Tensor(joiningColumnsOf: [gradient.q, gradient.k, gradient.v])]
        }
    }

    /// Differentiable when every span starts its sequence: then the step's rows are all that it attends to.
    package func cachedAttention(
        q: Tensor, k: Tensor, v: Tensor, heads: Int, pages: KVPages, layer: Int, spans: [SequenceSpan]
    ) throws(ComputeError) -> Tensor {
        let y = try backend.cachedAttention(q: q, k: k, v: v, heads: heads, pages: pages, layer: layer, spans: spans)
        let shape = AttentionHeads(query: heads, keyValue: pages.kvHeads, headDim: pages.headDim)
        let starts = spans.map(\.start)
        let segments = spans.map(\.rows)
        return record(y, of: [q, k, v]) { [backend] dy throws(ComputeError) in
            guard starts.allSatisfy({ $0 == 0 }) else {
                throw .unsupported(
                    operation: "the gradient of attention", reason: "a sequence continues tokens of an earlier step")
            }
            let gradient = try backend.attentionGradient(
                dy, q: q, k: k, v: v, heads: shape, segments: segments, causal: true)
            return [gradient.q, gradient.k, gradient.v]
        }
    }
}

extension Tensor {
    /// The matrix's columns in `parts` equal runs, each a matrix.
    func split(columns parts: Int) -> [Tensor] {
        let width = columns / parts
        return (0..<parts).map { part in
            let result = Tensor.uninitialized([rows, width])
            for row in 0..<rows {
                (result.pointer + row * width).update(from: pointer + row * columns + part * width, count: width)
            }
            return result
        }
    }

    /// Matrices of as many rows side by side.
    init(joiningColumnsOf parts: [Tensor]) {
        let columns = parts.reduce(0) { $0 + $1.columns }
        let rows = parts.first?.rows ?? 0
        self = .uninitialized([rows, columns])
        var offset = 0
        for part in parts {
            for row in 0..<rows {
                (pointer + row * columns + offset).update(from: part.pointer + row * part.columns, count: part.columns)
            }
            offset += part.columns
        }
    }
}
