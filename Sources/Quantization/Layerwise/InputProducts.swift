// H = 2/n sum x x^T over the inputs of a layer: what an error of its weights costs in its output. Knows no weights.

import Compute

/// Sums the products of every two inputs over all rows it is given.
final class InputProducts: @unchecked Sendable {
    // Sendable: the one thread that runs the model adds to it.
    let inputs: Int
    private(set) var rows = 0
    private let products: Products
    /// `[inputs, inputs]`; elements above the diagonal and on it count.
    private let sum: Tensor
    private let pending: Tensor
    private var filled = 0

    /// Rows that are multiplied at once.
    private static let batch = 1024
    /// Rows of the sum that are computed at once.
    private static let panel = 1024

    init(inputs: Int, _ products: Products) {
        self.inputs = inputs
        self.products = products
        sum = .matrix(inputs, inputs)
        sum.pointer.update(repeating: 0, count: inputs * inputs)
        pending = .matrix(Self.batch, inputs)
    }

    func add(_ x: Tensor) throws(ComputeError) {
        rows += x.rows
        var row = 0
        while row < x.rows {
            let count = min(x.rows - row, Self.batch - filled)
            (pending.pointer + filled * inputs).update(from: x.pointer + row * inputs, count: count * inputs)
            filled += count
            row += count
            if filled == Self.batch { try flush() }
        }
    }

    private func flush() throws(ComputeError) {
        let columns = pending.transposed(rows: 0..<filled, columns: 0..<inputs)
        filled = 0
        for start in stride(from: 0, to: inputs, by: Self.panel) {
            let end = min(start + Self.panel, inputs)
            let part = columns.part(rows: start..<end, columns: 0..<columns.columns)
            let product = try products.multiply(part, byTransposeOf: columns, rows: start..<inputs)
            for row in start..<end {
                let target = sum.pointer + row * inputs + start
                let source = product.pointer + (row - start) * (inputs - start)
                for column in 0..<inputs - start { target[column] += source[column] }
            }
            withExtendedLifetime(product) {}
        }
    }

    /// The sum's factor, made in the memory of the sum, which is gone then.
    /// - Parameter damping: share of the mean diagonal that is added to the diagonal.
    func factor(damping: Float) throws(ComputeError) -> InputFactor {
        if filled > 0 { try flush() }
        let scale = 2 / Float(max(rows, 1))
        for row in 0..<inputs {
            let values = sum.pointer + row * inputs
            for column in row..<inputs { values[column] *= scale }
        }
        return try InputFactor(of: sum, rows: rows, damping: damping, products)
    }
}
