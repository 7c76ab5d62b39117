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

    /// In float32; a piece of work is one key-value head of one segment.
    package func attentionGradient(
        _ dy: Tensor, q: Tensor, k: Tensor, v: Tensor, heads: AttentionHeads, segments: [Range<Int>], causal: Bool
    ) throws(ComputeError) -> (q: Tensor, k: Tensor, v: Tensor) {
        try checkAttention(dy, q: q, k: k, v: v, heads: heads, segments: segments)
        let (dq, dk, dv) = (Tensor.zeros(q.shape), Tensor.zeros(k.shape), Tensor.zeros(v.shape))
        team.forEach(segments.count * heads.keyValue) { pieces in
            for piece in pieces {
                let (segment, head) = (segments[piece / heads.keyValue], piece % heads.keyValue)
                let width = heads.headDim
                let (stride, kvStride) = (heads.query * width, heads.keyValue * width)
                let keyBase = segment.lowerBound * kvStride + head * width
                let (keys, values) = (k.pointer + keyBase, v.pointer + keyBase)
                let (keyGradients, valueGradients) = (dk.pointer + keyBase, dv.pointer + keyBase)
                let scratch = Tensor.uninitialized([2, segment.count])
                for group in 0..<heads.group {
                    for offset in 0..<segment.count {
                        let place =
                            (segment.lowerBound + offset) * stride + (head * heads.group + group) * width
                        AttentionRow(
                            query: q.pointer + place, gradient: dy.pointer + place, width: width, stride: kvStride,
                            visible: causal ? offset + 1 : segment.count, weights: scratch.pointer,
                            mixed: scratch.pointer + segment.count
                        ).add(
                            keys: keys, values: values, query: dq.pointer + place, keyGradients: keyGradients,
                            valueGradients: valueGradients)
                    }
                }
            }
        }
        return (dq, dk, dv)
    }
}

/// One query row's share of the gradients of attention.
private struct AttentionRow {
    let query: UnsafePointer<Float>
    let gradient: UnsafePointer<Float>
    let width: Int
    /// From one key (value) to the next.
    let stride: Int
    let visible: Int
    /// Scratch of `visible` elements each.
    let weights: UnsafeMutablePointer<Float>
    let mixed: UnsafeMutablePointer<Float>

    init(
        query: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>, width: Int, stride: Int,
        visible: Int, weights: UnsafeMutablePointer<Float>, mixed: UnsafeMutablePointer<Float>
    ) {
        self.query = UnsafePointer(query)
        self.gradient = UnsafePointer(gradient)
        self.width = width
        self.stride = stride
        self.visible = visible
        self.weights = weights
        self.mixed = mixed
    }

    func add(
        keys: UnsafePointer<Float>, values: UnsafePointer<Float>, query dq: UnsafeMutablePointer<Float>,
        keyGradients: UnsafeMutablePointer<Float>, valueGradients: UnsafeMutablePointer<Float>
    ) {
        let scale = 1 / Float(width).squareRoot()
        var largest = -Float.infinity
        for other in 0..<visible {
            weights[other] = dot(query, keys + other * stride) * scale
            mixed[other] = dot(gradient, values + other * stride)
            largest = max(largest, weights[other])
        }
        var total: Float = 0
        for other in 0..<visible {
            weights[other] = expf(weights[other] - largest)
            total += weights[other]
        }
        var mean: Float = 0
        for other in 0..<visible {
            weights[other] /= total
            mean += weights[other] * mixed[other]
        }
        for other in 0..<visible {
            let (weight, slope) = (weights[other], scale * weights[other] * (mixed[other] - mean))
            let key = keys + other * stride
            let (dk, dv) = (keyGradients + other * stride, valueGradients + other * stride)
            for i in 0..<width { dq[i] += slope * key[i] }
            for i in 0..<width { dk[i] += slope * query[i] }
            for i in 0..<width { dv[i] += weight * gradient[i] }
        }
    }

    private func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>) -> Float {
        var sums = SIMD8<Float>.zero
        let (x8, y8) = (UnsafeRawPointer(x), UnsafeRawPointer(y))
        var i = 0
        while i + 8 <= width {
            sums +=
                x8.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
                * y8.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
            i += 8
        }
        var sum = sums.sum()
        while i < width {
            sum += x[i] * y[i]
            i += 1
        }
        return sum
    }
}
