// Backward of the operations on single elements and single rows, in double. Knows nothing of tapes or threads.

package import Compute
import Foundation
import Numerics

extension HostBackend {
    /// With r = rsqrt(mean(x^2) + epsilon): dx = r (g dy) - x r^3 mean(g dy x), dg = sum over rows of dy x r.
    package func rmsNormGradient(
        _ dy: Tensor, x: Tensor, weight: Tensor, epsilon: Float
    ) throws(ComputeError) -> (x: Tensor, weight: Tensor) {
        try check(dy, is: x.shape, "rmsNorm gradient")
        let columns = x.columns
        let dx = Tensor.uninitialized(x.shape)
        let sums = ChunkSums(chunks: Self.chunks(rows: x.rows), columns: columns)
        forEachChunk(rows: x.rows) { chunk, rows in
            let (gain, gainSums) = (weight.pointer, sums.row(chunk))
            for row in rows {
                let (x, dy, dx) = (
                    x.pointer + row * columns, dy.pointer + row * columns, dx.pointer + row * columns
                )
                var (square, product) = (0.0, 0.0)
                for i in 0..<columns {
                    let value = Double(x[i])
                    square += value * value
                    product += Double(gain[i]) * Double(dy[i]) * value
                }
                let scale = 1 / (square / Double(columns) + Double(epsilon)).squareRoot()
                let pull = scale * scale * scale * product / Double(columns)
                for i in 0..<columns {
                    let (value, gradient) = (Double(x[i]), Double(dy[i]))
                    dx[i] = Float(scale * Double(gain[i]) * gradient - pull * value)
                    gainSums[i] += gradient * value * scale
                }
            }
        }
        return (dx, sums.total())
    }

    /// With n = (x - mean) * rsqrt(variance + epsilon) and e = g dy: dx = r (e - mean(e) - n mean(e n)),
    /// dg = sum over rows of dy n, db = sum over rows of dy.
    package func layerNormGradient(
        _ dy: Tensor, x: Tensor, weight: Tensor, epsilon: Float
    ) throws(ComputeError) -> (x: Tensor, weight: Tensor, bias: Tensor) {
        try check(dy, is: x.shape, "layerNorm gradient")
        let columns = x.columns
        let dx = Tensor.uninitialized(x.shape)
        let chunks = Self.chunks(rows: x.rows)
        let sums = ChunkSums(chunks: chunks, columns: columns)
        let biasSums = ChunkSums(chunks: chunks, columns: columns)
        forEachChunk(rows: x.rows) { chunk, rows in
            let (gain, gainSums, biasSums) = (weight.pointer, sums.row(chunk), biasSums.row(chunk))
            for row in rows {
                let (x, dy, dx) = (
                    x.pointer + row * columns, dy.pointer + row * columns, dx.pointer + row * columns
                )
                var sum = 0.0
                for i in 0..<columns { sum += Double(x[i]) }
                let mean = sum / Double(columns)
                var square = 0.0
                for i in 0..<columns { square += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
                let scale = 1 / (square / Double(columns) + Double(epsilon)).squareRoot()
                var (plain, weighted) = (0.0, 0.0)
                for i in 0..<columns {
                    let inner = Double(gain[i]) * Double(dy[i])
                    plain += inner
                    weighted += inner * (Double(x[i]) - mean) * scale
                }
                plain /= Double(columns)
                weighted /= Double(columns)
                for i in 0..<columns {
                    let (normal, gradient) = ((Double(x[i]) - mean) * scale, Double(dy[i]))
                    dx[i] = Float(scale * (Double(gain[i]) * gradient - plain - normal * weighted))
                    gainSums[i] += gradient * normal
                    biasSums[i] += gradient
                }
            }
        }
        return (dx, sums.total(), biasSums.total())
    }

    /// dx = dy (P(x) + x p(x)) with P and p the standard normal distribution and density.
    package func geluGradient(_ dy: Tensor, x: Tensor) throws(ComputeError) -> Tensor {
        try check(dy, is: x.shape, "gelu gradient")
        let columns = x.columns
        let dx = Tensor.uninitialized(x.shape)
        forEachChunk(rows: x.rows) { _, rows in
            let (x, dy, dx) = (x.pointer, dy.pointer, dx.pointer)
            for i in rows.lowerBound * columns..<rows.upperBound * columns {
                let value = Double(x[i])
                let distribution = 0.5 * (1 + erf(value * 0.5.squareRoot()))
                let density = exp(-0.5 * value * value) / (2 * Double.pi).squareRoot()
                dx[i] = Float(Double(dy[i]) * (distribution + value * density))
            }
        }
        return dx
    }

    /// With s the logistic function of gate: dup = dy gate s, dgate = dy up s (1 + gate (1 - s)).
    package func swiGLUGradient(
        _ dy: Tensor, gate: Tensor, up: Tensor
    ) throws(ComputeError) -> (gate: Tensor, up: Tensor) {
        try check(dy, is: gate.shape, "swiGLU gradient")
        let columns = gate.columns
        let (dGate, dUp) = (Tensor.uninitialized(gate.shape), Tensor.uninitialized(gate.shape))
        forEachChunk(rows: gate.rows) { _, rows in
            let (gate, up, dy) = (gate.pointer, up.pointer, dy.pointer)
            let (dGate, dUp) = (dGate.pointer, dUp.pointer)
            for i in rows.lowerBound * columns..<rows.upperBound * columns {
                let (value, gradient) = (Double(gate[i]), Double(dy[i]))
                let logistic = 1 / (1 + exp(-value))
                dUp[i] = Float(gradient * value * logistic)
                dGate[i] = Float(
                    gradient * Double(up[i]) * logistic * (1 + value * (1 - logistic)))
            }
        }
        return (dGate, dUp)
    }

    /// Sum over rows, `[columns]`: the gradient of a bias.
    package func columnSums(_ dy: Tensor) -> Tensor {
        let columns = dy.columns
        let sums = ChunkSums(chunks: Self.chunks(rows: dy.rows), columns: columns)
        forEachChunk(rows: dy.rows) { chunk, rows in
            let (sums, dy) = (sums.row(chunk), dy.pointer)
            for row in rows {
                for i in 0..<columns { sums[i] += Double(dy[row * columns + i]) }
            }
        }
        return sums.total()
    }

    /// The transpose of picking rows: row i of dy is added to row `rows[i]` of `[count, columns]` zeros, in order of i.
    package func scatteredRows(_ dy: Tensor, to rows: [Int], count: Int) throws(ComputeError) -> Tensor {
        let columns = dy.columns
        guard rows.count == dy.rows else {
            throw .shape(operation: "row scatter", weight: nil, found: dy.shape, expected: "\(rows.count) rows")
        }
        for row in rows where !(0..<count).contains(row) {
            throw .shape(operation: "row scatter", weight: nil, found: [row], expected: "rows below \(count)")
        }
        let dx = Tensor.zeros([count, columns])
        let (sources, targets) = (dy.pointer, dx.pointer)
        for (source, row) in rows.enumerated() {
            let (from, to) = (sources + source * columns, targets + row * columns)
            for i in 0..<columns { to[i] += from[i] }
        }
        return dx
    }
}
