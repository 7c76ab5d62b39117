// The processor's backward operations: products run on the kernels of inference, the rest on the thread team.

import Checkpoint
package import Compute
import Foundation
import Numerics

extension CPUBackend: HostBackend {
    package func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
        team.forEach(count) { indices in
            for index in indices { body(index) }
        }
    }

    /// dy times the weight, as a linear layer of the transposed weight.
    package func linearInputGradient(_ dy: Tensor, _ weight: Weight) throws(ComputeError) -> Tensor {
        try check(dy, is: [dy.rows, weight.outputs], "linear input gradient")
        let values = Tensor(weight.floats(), shape: [weight.outputs, weight.inputs])
        return try linear(dy, [operand(transposing: values, name: weight.name)])[0]
    }

    /// dy transposed times x, as a linear layer of x transposed.
    package func linearWeightGradient(_ dy: Tensor, x: Tensor) throws(ComputeError) -> Tensor {
        try check(dy, is: [x.rows, dy.columns], "linear weight gradient")
        return try linear(transposed(dy), [operand(transposing: x, name: "inputs")])[0]
    }

    /// A matrix's transpose as a weight, in the type that the backend's precision multiplies activations in.
    private func operand(transposing x: Tensor, name: String) -> Weight {
        let y = transposed(x)
        let view: TensorView
        if precision == .f32 {
            view = TensorView(
                dtype: .f32, shape: y.shape, bytes: UnsafeRawBufferPointer(y.values), owner: y.storage)
        } else {
            view = TensorView(copying: y.values.map { BFloat16($0).bits }, dtype: .bf16, shape: y.shape)
        }
        return Weight(name: name + " transposed", outputs: y.rows, inputs: y.columns, format: .dense(view))
    }

    private func transposed(_ x: Tensor) -> Tensor {
        let (rows, columns) = (x.rows, x.columns)
        let y = Tensor.uninitialized([columns, rows])
        let side = 32  // rows and columns of a tile that stays in the first cache
        // Sendable: each strip of columns is written by one member.
        nonisolated(unsafe) let (from, to) = (x.pointer, y.pointer)
        team.forEach((columns + side - 1) / side) { strips in
            for strip in strips {
                let range = strip * side..<min(columns, (strip + 1) * side)
                for first in stride(from: 0, to: rows, by: side) {
                    for row in first..<min(rows, first + side) {
                        for column in range { to[column * rows + row] = from[row * columns + column] }
                    }
                }
            }
        }
        return y
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
        guard heads.headDim <= Self.widestHead else {
            throw .unsupported(
                operation: "the gradient of attention",
                reason: "heads of \(heads.headDim), at most \(Self.widestHead) are possible")
        }
        let (dq, dk, dv) = (Tensor.zeros(q.shape), Tensor.zeros(k.shape), Tensor.zeros(v.shape))
        let longest = segments.map(\.count).max() ?? 0
        // Sendable: a piece writes the rows of its own head and segment.
        nonisolated(unsafe) let (from, to) = (
            (q: q.pointer, dy: dy.pointer, k: k.pointer, v: v.pointer), (q: dq.pointer, k: dk.pointer, v: dv.pointer)
        )
        team.forEach(segments.count * heads.keyValue) { pieces in
            let scratch = Tensor.uninitialized([2, longest])
            let (width, room) = (heads.headDim, scratch.pointer)
            let (stride, keyStride) = (heads.query * width, heads.keyValue * width)
            for piece in pieces {
                let (segment, head) = (segments[piece / heads.keyValue], piece % heads.keyValue)
                let base = segment.lowerBound * keyStride + head * width
                for group in 0..<heads.group {
                    for offset in 0..<segment.count {
                        let place = (segment.lowerBound + offset) * stride + (head * heads.group + group) * width
                        addAttentionGradient(
                            query: from.q + place, dy: from.dy + place, keys: from.k + base, values: from.v + base,
                            stride: keyStride, visible: causal ? offset + 1 : segment.count, headDim: width,
                            scratch: room, dq: to.q + place, dk: to.k + base, dv: to.v + base)
                    }
                }
            }
        }
        return (dq, dk, dv)
    }
}
