// Recording both kinds of attention.

package import Compute
import Numerics

extension Autodiff {
    package func attention(qkv: Tensor, heads: Int, segments: Int) throws(ComputeError) -> Tensor {
        let y = try backend.attention(qkv: qkv, heads: heads, segments: segments)
        return record(y, of: [qkv]) { [backend] dy throws(ComputeError) in
            [try backend.packedAttentionGradient(dy, qkv: qkv, heads: heads, segments: segments)]
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
