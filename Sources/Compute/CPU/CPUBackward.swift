// The backward kernels of the processor, for the room that differentiates. Knows nothing of tapes.

import CKernels
import Numerics

extension CPUBackend {
    /// dy (Phi(x) + x phi(x)). Shapes are equal.
    package func geluBackward(_ dy: Tensor, x: Tensor) -> Tensor {
        let dx = tensor(x.shape)
        team.forEach(x.shape.count, grain: Self.elementGrain) { range in
            let start = range.lowerBound
            kernels.table.gelu_gradient(dx.pointer + start, dy.pointer + start, x.pointer + start, range.count)
        }
        return dx
    }

    /// The gradients of silu(gate) * up. Shapes are equal.
    package func swiGLUBackward(_ dy: Tensor, gate: Tensor, up: Tensor) -> (gate: Tensor, up: Tensor) {
        let (dGate, dUp) = (tensor(gate.shape), tensor(gate.shape))
        team.forEach(gate.shape.count, grain: Self.elementGrain) { range in
            let start = range.lowerBound
            kernels.table.swiglu_gradient(
                dGate.pointer + start, dUp.pointer + start, dy.pointer + start, gate.pointer + start,
                up.pointer + start, range.count)
        }
        return (dGate, dUp)
    }

    /// Widest head of `addAttentionGradient`.
    package static var widestHead: Int { Int(MONOCLE_MAX_HEAD_DIM) }

    /// Adds one query's share of the gradients of softmax attention over `visible` keys and values, `stride` elements
    /// apart, whose gradients lie as they do.
    /// - Parameter scratch: room for `2 * visible` elements.
    package func addAttentionGradient(
        query: UnsafePointer<Float>, dy: UnsafePointer<Float>, keys: UnsafePointer<Float>,
        values: UnsafePointer<Float>, stride: Int, visible: Int, headDim: Int, scratch: UnsafeMutablePointer<Float>,
        dq: UnsafeMutablePointer<Float>, dk: UnsafeMutablePointer<Float>, dv: UnsafeMutablePointer<Float>
    ) {
        kernels.table.attend_gradient(
            query, dy, keys, values, stride, visible, headDim, 1 / Float(headDim).squareRoot(), scratch, dq, dk, dv)
    }
}
