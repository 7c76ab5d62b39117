// The processor's backward operations, checked and handed to its kernels; attention is cut into pieces.

package import Compute
import Numerics

extension CPUBackend: HostBackend {
    package func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
        team.forEach(count) { indices in
            for index in indices { body(index) }
        }
    }

    package func linearInputGradient(_ dy: Tensor, _ weight: Weight) throws(ComputeError) -> Tensor {
        try check(dy, is: [dy.rows, weight.outputs], "linear input gradient")
        return product(dy, weight)
    }

    package func linearWeightGradient(_ dy: Tensor, x: Tensor) throws(ComputeError) -> Tensor {
        try check(dy, is: [x.rows, dy.columns], "linear weight gradient")
        return product(transposing: dy, x)
    }

    package func columnSums(_ dy: Tensor) -> Tensor { columnSumsBackward(dy) }

    package func rmsNormGradient(
        _ dy: Tensor, x: Tensor, weight: Tensor, epsilon: Float
    ) throws(ComputeError) -> (x: Tensor, weight: Tensor) {
        try check(dy, is: x.shape, "rmsNorm gradient")
        return rmsNormBackward(dy, x: x, weight: weight, epsilon: epsilon)
    }

    package func layerNormGradient(
        _ dy: Tensor, x: Tensor, weight: Tensor, epsilon: Float
    ) throws(ComputeError) -> (x: Tensor, weight: Tensor, bias: Tensor) {
        try check(dy, is: x.shape, "layerNorm gradient")
        return layerNormBackward(dy, x: x, weight: weight, epsilon: epsilon)
    }

    package func geluGradient(_ dy: Tensor, x: Tensor) throws(ComputeError) -> Tensor {
        try check(dy, is: x.shape, "gelu gradient")
        return geluBackward(dy, x: x)
    }

    package func swiGLUGradient(
        _ dy: Tensor, gate: Tensor, up: Tensor
    ) throws(ComputeError) -> (gate: Tensor, up: Tensor) {
        try check(dy, is: gate.shape, "swiGLU gradient")
        try check(up, is: gate.shape, "swiGLU gradient, up")
        return swiGLUBackward(dy, gate: gate, up: up)
    }

    /// In float32; a piece of work is one key-value head of one segment.
    package func attentionGradient(
        _ dy: Tensor, q: Tensor, k: Tensor, v: Tensor, heads: AttentionHeads, segments: [Range<Int>], causal: Bool
    ) throws(ComputeError) -> (q: Tensor, k: Tensor, v: Tensor) {
        try checkAttention(dy, q: q, k: k, v: v, heads: heads, segments: segments)
        let (dq, dk, dv) = (Tensor.zeros(q.shape), Tensor.zeros(k.shape), Tensor.zeros(v.shape))
        let width = heads.headDim
        let (stride, keyStride) = (heads.query * width, heads.keyValue * width)
        team.forEach(segments.count * heads.keyValue) { pieces in
            for piece in pieces {
                let (segment, head) = (segments[piece / heads.keyValue], piece % heads.keyValue)
                let place = segment.lowerBound * stride + head * heads.group * width
                let keyPlace = segment.lowerBound * keyStride + head * width
                addAttentionGradient(
                    AttentionGradientPiece(
                        rows: segment.count, headDim: width, group: heads.group, isCausal: causal,
                        queryStride: stride, keyStride: keyStride, query: q.pointer + place, dy: dy.pointer + place,
                        keys: k.pointer + keyPlace, values: v.pointer + keyPlace, dq: dq.pointer + place,
                        dk: dk.pointer + keyPlace, dv: dv.pointer + keyPlace))
            }
        }
        return (dq, dk, dv)
    }
}
