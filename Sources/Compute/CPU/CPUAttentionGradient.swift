// The gradients of softmax attention as products of blocks, for training. Knows nothing of tapes or threads.

import CKernels

/// One key-value head of one sequence, with the query heads that share it. Pointers are to the sequence's first row.
package struct AttentionGradientPiece {
    package let rows: Int
    package let headDim: Int
    /// Query heads, side by side.
    package let group: Int
    package let isCausal: Bool
    /// Elements from a row to the next: of query, dy and dq; of the others.
    package let queryStride: Int
    package let keyStride: Int
    package let query: UnsafePointer<Float>
    package let dy: UnsafePointer<Float>
    package let keys: UnsafePointer<Float>
    package let values: UnsafePointer<Float>
    package let dq: UnsafeMutablePointer<Float>
    /// Added to.
    package let dk: UnsafeMutablePointer<Float>
    package let dv: UnsafeMutablePointer<Float>

    package init(
        rows: Int, headDim: Int, group: Int, isCausal: Bool, queryStride: Int, keyStride: Int,
        query: UnsafePointer<Float>, dy: UnsafePointer<Float>, keys: UnsafePointer<Float>,
        values: UnsafePointer<Float>, dq: UnsafeMutablePointer<Float>, dk: UnsafeMutablePointer<Float>,
        dv: UnsafeMutablePointer<Float>
    ) {
        self.rows = rows
        self.headDim = headDim
        self.group = group
        self.isCausal = isCausal
        self.queryStride = queryStride
        self.keyStride = keyStride
        self.query = query
        self.dy = dy
        self.keys = keys
        self.values = values
        self.dq = dq
        self.dk = dk
        self.dv = dv
    }
}

extension CPUBackend {
    /// With S = Q K^T, P = softmax(scale S), M = dY V^T and dS = scale P (M - sum over keys of P M):
    /// dQ = dS K, dK += dS^T Q, dV += P^T dY; `productRows` queries at a time.
    package func addAttentionGradient(_ piece: AttentionGradientPiece) {
        let (rows, headDim, table) = (piece.rows, piece.headDim, kernels.table)
        let scale = 1 / Float(headDim).squareRoot()
        let blockRows = Self.productRows
        let across = (rows + 15) / 16 * 16
        let deep = (headDim + 15) / 16 * 16
        let scratch = tensor([Self.productScratch])
        let (keyColumns, valueColumns) = (tensor([across, headDim]), tensor([across, headDim]))
        let keyRows = tensor([deep, rows])
        let (scores, products) = (tensor([blockRows, rows]), tensor([blockRows, rows]))
        let (queryRows, dyRows) = (tensor([deep, blockRows]), tensor([deep, blockRows]))

        let format = Int32(MONOCLE_F32)
        table.pack_transposed_panels(keyColumns.pointer, 16 * headDim, piece.keys, piece.keyStride, headDim, rows)
        table.pack_transposed_panels(valueColumns.pointer, 16 * headDim, piece.values, piece.keyStride, headDim, rows)
        table.pack_panels(keyRows.pointer, 16 * rows, piece.keys, format, piece.keyStride, rows, headDim, 0)

        for head in 0..<piece.group {
            for first in Swift.stride(from: 0, to: rows, by: blockRows) {
                let count = min(blockRows, rows - first)
                let place = first * piece.queryStride + head * headDim
                let (query, dy) = (piece.query + place, piece.dy + place)
                let visible = piece.isCausal ? first + count : rows
                for (target, source, columns) in [(scores, query, keyColumns), (products, dy, valueColumns)] {
                    table.multiply_panels(
                        target.pointer, rows, count, visible, source, piece.queryStride, 1, headDim, columns.pointer,
                        16 * headDim, 0, 0, scratch.pointer)
                }
                for row in 0..<count {
                    table.softmax_gradient(
                        scores.pointer + row * rows, products.pointer + row * rows,
                        piece.isCausal ? first + row + 1 : rows, visible, scale)
                }
                table.multiply_panels(
                    piece.dq + place, piece.queryStride, count, headDim, products.pointer, rows, 1, visible,
                    keyRows.pointer, 16 * rows, 0, 0, scratch.pointer)
                table.pack_panels(queryRows.pointer, 16 * count, query, format, piece.queryStride, count, headDim, 0)
                table.pack_panels(dyRows.pointer, 16 * count, dy, format, piece.queryStride, count, headDim, 0)
                for (target, weights, panels) in [(piece.dk, products, queryRows), (piece.dv, scores, dyRows)] {
                    for key in Swift.stride(from: 0, to: visible, by: blockRows) {
                        table.multiply_panels(
                            target + key * piece.keyStride, piece.keyStride, min(blockRows, visible - key), headDim,
                            weights.pointer + key, 1, rows, count, panels.pointer, 16 * count, 0, 1, scratch.pointer)
                    }
                }
            }
        }
    }
}
