// H + damping = M D M^T with M unit upper triangular, in the memory of H. Knows H, not what it is made from.

import Compute

/// The factor GPTQ works with.
///
/// GPTQ is usually stated with U, the upper Cholesky factor of the inverse of H. With H = R R^T, R upper triangular, U is
/// the inverse of R, and what GPTQ adds to column k is the sum over j < k of (w - q)_j R_jk / R_kk, w - q being the whole
/// error of column j: no inverse is needed, neither its time nor its rounding. Here M_jk = R_jk / R_kk and D_k = R_kk^2.
struct InputFactor {
    /// `[inputs, inputs]`; elements above the diagonal count.
    let matrix: Tensor
    /// D, by input.
    let pivots: [Double]
    /// What was added to the diagonal.
    let damping: Double
    /// Rows that H was made from.
    let rows: Int
    /// Inputs that were zero in every row. They are nobody's neighbours: their weights are rounded to nearest.
    let unseen: Int

    private static let block = 256
    private static let panel = 1024

    /// - Parameter sum: H, `[inputs, inputs]`, of which elements above the diagonal and on it are read.
    init(of sum: Tensor, rows: Int, damping share: Float, _ products: Products) throws(ComputeError) {
        let inputs = sum.rows
        var trace = 0.0
        var unseen = 0
        for input in 0..<inputs {
            trace += Double(sum.pointer[input * inputs + input])
            if sum.pointer[input * inputs + input] == 0 { unseen += 1 }
        }
        // An H of zeros is damped too: it then asks for rounding to nearest.
        let damping = trace > 0 ? Double(share) * trace / Double(inputs) : 1
        for input in 0..<inputs { sum.pointer[input * inputs + input] += Float(damping) }
        var pivots = [Double](repeating: 0, count: inputs)
        var end = inputs
        while end > 0 {
            let start = max(0, end - Self.block)
            let corner = Self.factorCorner(of: sum, start..<end, floor: damping)
            for index in start..<end {
                let pivot = corner.factor[(index - start) * (end - start) + index - start]
                pivots[index] = pivot * pivot
            }
            if start > 0 {
                let column = try products.multiply(
                    sum.part(rows: 0..<start, columns: start..<end), byTransposeOf: corner.inverse)
                for row in 0..<start {
                    (sum.pointer + row * inputs + start).update(
                        from: column.pointer + row * (end - start), count: end - start)
                }
                try Self.subtract(column, from: sum, products)
            }
            end = start
        }
        let reciprocals = pivots.map { Float(1 / $0.squareRoot()) }
        for row in 0..<inputs {
            let values = sum.pointer + row * inputs
            for column in (row + 1)..<max(inputs, row + 1) { values[column] *= reciprocals[column] }
        }
        matrix = sum
        self.pivots = pivots
        self.damping = damping
        self.rows = rows
        self.unseen = unseen
    }

    /// R of a square on the diagonal, in double, and its inverse. R is written back.
    ///
    /// No pivot of H + damping is below the damping but by rounding, which is undone.
    private static func factorCorner(
        of sum: Tensor, _ range: Range<Int>, floor: Double
    ) -> (factor: [Double], inverse: Tensor) {
        let (size, first) = (range.count, range.lowerBound)
        var r = [Double](repeating: 0, count: size * size)
        for row in 0..<size {
            for column in row..<size {
                r[row * size + column] = Double(sum.pointer[(first + row) * sum.columns + first + column])
            }
        }
        for k in (0..<size).reversed() {
            let pivot = max(r[k * size + k], floor).squareRoot()
            r[k * size + k] = pivot
            for row in 0..<k { r[row * size + k] /= pivot }
            for row in 0..<k {
                let factor = r[row * size + k]
                for column in row..<k { r[row * size + column] -= factor * r[column * size + k] }
            }
        }
        // Column by column of the identity, from the diagonal up.
        let inverse = Tensor.matrix(size, size)
        inverse.pointer.update(repeating: 0, count: size * size)
        var solved = [Double](repeating: 0, count: size)
        for column in 0..<size {
            for row in (0...column).reversed() {
                var value = row == column ? 1.0 : 0
                for k in (row + 1)..<max(row + 1, column + 1) { value -= r[row * size + k] * solved[k] }
                solved[row] = value / r[row * size + row]
                inverse.pointer[row * size + column] = Float(solved[row])
            }
        }
        for row in 0..<size {
            for column in row..<size {
                sum.pointer[(first + row) * sum.columns + first + column] = Float(r[row * size + column])
            }
        }
        return (r, inverse)
    }

    /// Takes the products of rows of `column` off the square before it.
    private static func subtract(_ column: Tensor, from sum: Tensor, _ products: Products) throws(ComputeError) {
        for start in stride(from: 0, to: column.rows, by: panel) {
            let end = min(start + panel, column.rows)
            let part = column.part(rows: start..<end, columns: 0..<column.columns)
            let product = try products.multiply(part, byTransposeOf: column, rows: start..<column.rows)
            let width = column.rows - start
            for row in start..<end {
                let target = sum.pointer + row * sum.columns + start
                let source = product.pointer + (row - start) * width
                for index in 0..<width { target[index] -= source[index] }
            }
            withExtendedLifetime(product) {}
        }
    }
}
