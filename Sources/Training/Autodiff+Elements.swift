// Recording the operations on rows and elements, and those that only move rows.

package import Compute
import Numerics

extension Autodiff {
    package func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        let y = try backend.rmsNorm(x, weight: weight, epsilon: epsilon)
        return record(y, of: [x, weight]) { [backend] dy throws(ComputeError) in
            let gradient = try backend.rmsNormGradient(dy, x: x, weight: weight, epsilon: epsilon)
            return [gradient.x, gradient.weight]
        }
    }

    package func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        let y = try backend.layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
        return record(y, of: [x, weight, bias]) { [backend] dy throws(ComputeError) in
            let gradient = try backend.layerNormGradient(dy, x: x, weight: weight, epsilon: epsilon)
            return [gradient.x, gradient.weight, gradient.bias]
        }
    }

    package func gelu(_ x: Tensor) throws(ComputeError) -> Tensor {
        let y = try backend.gelu(x)
        return record(y, of: [x]) { [backend] dy throws(ComputeError) in [try backend.geluGradient(dy, x: x)] }
    }

    package func swiGLU(gate: Tensor, up: Tensor) throws(ComputeError) -> Tensor {
        let y = try backend.swiGLU(gate: gate, up: up)
        return record(y, of: [gate, up]) { [backend] dy throws(ComputeError) in
            let gradient = try backend.swiGLUGradient(dy, gate: gate, up: up)
            return [gradient.gate, gradient.up]
        }
    }

    package func add(_ x: Tensor, _ y: Tensor) throws(ComputeError) -> Tensor {
        record(try backend.add(x, y), of: [x, y]) { dy throws(ComputeError) in [dy, dy] }
    }

    /// The gradient of a rotation is the rotation by the negative angle.
    package func rope(
        _ x: Tensor, headDim: Int, positions: [Int32], frequencies: [Float]
    ) throws(ComputeError) -> Tensor {
        let y = try backend.rope(x, headDim: headDim, positions: positions, frequencies: frequencies)
        return record(y, of: [x]) { [backend] dy throws(ComputeError) in
            [try backend.rope(dy, headDim: headDim, positions: positions, frequencies: frequencies.map { -$0 })]
        }
    }

    package func replacingRows(_ x: Tensor, at rows: [Int], with replacement: Tensor) throws(ComputeError) -> Tensor {
        let y = try backend.replacingRows(x, at: rows, with: replacement)
        guard Set(rows).count == rows.count else {
            throw .unsupported(operation: "the gradient of replacingRows", reason: "a row is replaced twice")
        }
        return record(y, of: [x, replacement]) { [backend] dy throws(ComputeError) in
            let kept = try backend.replacingRows(dy, at: rows, with: backend.zeros(replacement.shape))
            return [kept, try backend.rows(dy, rows)]
        }
    }

    package func rows(_ x: Tensor, _ rows: [Int]) throws(ComputeError) -> Tensor {
        let y = try backend.rows(x, rows)
        return record(y, of: [x]) { [backend] dy throws(ComputeError) in
            [try backend.scatteredRows(dy, to: rows, count: x.rows)]
        }
    }
}
