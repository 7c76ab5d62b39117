// Backward of what only moves rows or packs columns, on the host. Knows nothing of tapes.

package import Compute
import Numerics

extension HostBackend {
    package func packedAttentionGradient(
        _ dy: Tensor, qkv: Tensor, heads: Int, segments: Int
    ) throws(ComputeError) -> Tensor {
        let (width, tokens) = (qkv.columns / 3, qkv.rows / max(segments, 1))
        let parts = qkv.split(columns: 3)
        let gradient = try attentionGradient(
            dy, q: parts[0], k: parts[1], v: parts[2],
            heads: AttentionHeads(query: heads, keyValue: heads, headDim: width / heads),
            segments: (0..<segments).map { $0 * tokens..<($0 + 1) * tokens }, causal: false)
        return Tensor(joiningColumnsOf: [gradient.q, gradient.k, gradient.v])
    }

    package func assembleTokensGradient(
        _ dy: Tensor, prefixRows: Int, positionRows: Int
    ) throws(ComputeError) -> (patches: Tensor, positions: Tensor, prefix: Tensor) {
        let (perTile, columns) = (prefixRows + positionRows, dy.columns)
        guard perTile > 0, dy.rows % perTile == 0 else {
            throw .shape(
                operation: "assembleTokens gradient", weight: nil, found: dy.shape, expected: "tiles of \(perTile) rows"
            )
        }
        let tiles = dy.rows / perTile
        let patches = Tensor.uninitialized([tiles * positionRows, columns])
        let (positions, prefix) = (Tensor.zeros([positionRows, columns]), Tensor.zeros([prefixRows, columns]))
        let (from, to) = (dy.pointer, patches.pointer)
        for tile in 0..<tiles {
            (to + tile * positionRows * columns).update(
                from: from + (tile * perTile + prefixRows) * columns, count: positionRows * columns)
        }
        forEach(perTile) { row in
            let sum =
                row < prefixRows
                ? prefix.pointer + row * columns : positions.pointer + (row - prefixRows) * columns
            for tile in 0..<tiles {
                let part = dy.pointer + (tile * perTile + row) * columns
                for i in 0..<columns { sum[i] += part[i] }
            }
        }
        return (patches, positions, prefix)
    }

    package func pixelShuffleGradient(
        _ dy: Tensor, rows: Int, prefix: Int, side: Int, transposed: Bool
    ) throws(ComputeError) -> Tensor {
        // Quarter q of token t is row `sources[4t + q]` of x.
        let (perTile, half) = (prefix + side * side, side / 2)
        let sources = (0..<rows / perTile * side * side).map { index in
            let (tile, cell) = index.quotientAndRemainder(dividingBy: side * side)
            let (first, second) = (cell / 4).quotientAndRemainder(dividingBy: half)
            let (row, column) = transposed ? (second, first) : (first, second)
            return tile * perTile + prefix + (2 * row + cell % 4 / 2) * side + 2 * column + cell % 2
        }
        return try scatteredRows(dy.reshaped([sources.count, dy.columns / 4]), to: sources, count: rows)
    }
}

extension Tensor {
    /// The matrix's columns in `parts` equal runs, each a matrix.
    func split(columns parts: Int) -> [Tensor] {
        let width = columns / parts
        return (0..<parts).map { part in
            let result = Tensor.uninitialized([rows, width])
            for row in 0..<rows {
                (result.pointer + row * width).update(from: pointer + row * columns + part * width, count: width)
            }
            return result
        }
    }

    /// Matrices of as many rows side by side.
    init(joiningColumnsOf parts: [Tensor]) {
        let columns = parts.reduce(0) { $0 + $1.columns }
        let rows = parts.first?.rows ?? 0
        self = .uninitialized([rows, columns])
        var offset = 0
        for part in parts {
            for row in 0..<rows {
                (pointer + row * columns + offset).update(from: part.pointer + row * part.columns, count: part.columns)
            }
            offset += part.columns
        }
    }
}
