// float32 matrix products on a backend. Knows shapes, not what the matrices mean.

import Checkpoint
package import Compute
import Numerics

/// Multiplies matrices in memory by the kernels that multiply weights: an element is reduced in one order whatever the
/// number of rows and threads.
package struct Products: Sendable {
    private let backend: any Backend

    /// - Parameter backend: one whose precision is float32.
    package init(on backend: any Backend) {
        precondition(backend.precision == .f32, "products of float32")
        self.backend = backend
    }

    /// x `[m, k]` times the transpose of some rows of w `[n, k]`.
    func multiply(_ x: Tensor, byTransposeOf w: Tensor, rows: Range<Int>? = nil) throws(ComputeError) -> Tensor {
        let rows = rows ?? 0..<w.rows
        let bytes = UnsafeRawBufferPointer(
            start: w.pointer + rows.lowerBound * w.columns, count: rows.count * w.columns * 4)
        let view = TensorView(dtype: .f32, shape: [rows.count, w.columns], bytes: bytes, owner: w.storage)
        let weight = Weight(name: "product", outputs: rows.count, inputs: w.columns, format: .dense(view))
        return try backend.linear(x, [weight])[0]
    }
}

extension Tensor {
    /// A matrix with undefined elements.
    static func matrix(_ rows: Int, _ columns: Int) -> Tensor {
        Tensor(shape: [rows, columns], storage: TensorStorage(count: rows * columns))
    }

    /// A copy of a part of a matrix.
    func part(rows: Range<Int>, columns: Range<Int>) -> Tensor {
        let result = Tensor.matrix(rows.count, columns.count)
        for row in rows {
            (result.pointer + (row - rows.lowerBound) * columns.count).update(
                from: pointer + row * self.columns + columns.lowerBound, count: columns.count)
        }
        return result
    }

    /// A copy of a part of a matrix, rows and columns exchanged.
    func transposed(rows: Range<Int>, columns: Range<Int>) -> Tensor {
        let result = Tensor.matrix(columns.count, rows.count)
        let tile = 16
        for column0 in stride(from: columns.lowerBound, to: columns.upperBound, by: tile) {
            for row in rows {
                let source = pointer + row * self.columns
                for column in column0..<min(column0 + tile, columns.upperBound) {
                    result.pointer[(column - columns.lowerBound) * rows.count + row - rows.lowerBound] = source[column]
                }
            }
        }
        return result
    }
}
