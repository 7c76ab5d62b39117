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

    /// Rows of one partial sum over rows. Fixed, so that a sum does not depend on who adds.
    private static let rowsOfSum = 64

    /// Calls `body` for runs of rows, each with its own `width` zeros to add to, and adds up what they hold in order.
    private func sums(
        rows: Int, width: Int, _ body: @Sendable (_ rows: Range<Int>, _ sums: UnsafeMutablePointer<Float>) -> Void
    ) -> [Float] {
        let size = Self.rowsOfSum
        let partial = tensor([(rows + size - 1) / size, width])
        team.forEach(partial.rows) { runs in
            for run in runs {
                let sums = partial.pointer + run * width
                sums.initialize(repeating: 0, count: width)
                body(run * size..<min(rows, (run + 1) * size), sums)
            }
        }
        return [Float](unsafeUninitializedCapacity: width) { total, count in
            guard let start = total.baseAddress else { return }
            start.initialize(repeating: 0, count: width)
            kernels.table.column_sums(start, partial.pointer, partial.rows, width)
            count = width
        }
    }

    /// The sum of the rows, `[columns]`.
    package func columnSumsBackward(_ dy: Tensor) -> Tensor {
        let columns = dy.columns
        let total = sums(rows: dy.rows, width: columns) { rows, sums in
            kernels.table.column_sums(sums, dy.pointer + rows.lowerBound * columns, rows.count, columns)
        }
        return Tensor(total, shape: [columns])
    }

    /// Shapes of dy and x are equal.
    package func rmsNormBackward(_ dy: Tensor, x: Tensor, weight: Tensor, epsilon: Float) -> (x: Tensor, weight: Tensor)
    {
        let (dx, columns) = (tensor(x.shape), x.columns)
        let total = sums(rows: x.rows, width: columns) { rows, sums in
            let start = rows.lowerBound * columns
            kernels.table.rms_norm_gradient(
                dx.pointer + start, sums, dy.pointer + start, x.pointer + start, weight.pointer, rows.count, columns,
                epsilon)
        }
        return (dx, Tensor(total, shape: [columns]))
    }

    /// Shapes of dy and x are equal.
    package func layerNormBackward(
        _ dy: Tensor, x: Tensor, weight: Tensor, epsilon: Float
    ) -> (x: Tensor, weight: Tensor, bias: Tensor) {
        let (dx, columns) = (tensor(x.shape), x.columns)
        let total = sums(rows: x.rows, width: 2 * columns) { rows, sums in
            let start = rows.lowerBound * columns
            kernels.table.layer_norm_gradient(
                dx.pointer + start, sums, sums + columns, dy.pointer + start, x.pointer + start, weight.pointer,
                rows.count, columns, epsilon)
        }
        return (
            dx, Tensor(Array(total[..<columns]), shape: [columns]), Tensor(Array(total[columns...]), shape: [columns])
        )
    }
}
