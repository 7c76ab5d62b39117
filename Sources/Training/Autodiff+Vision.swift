// Recording the vision encoder's rearrangements, all of which only move rows.

package import Compute
import Numerics

extension Autodiff {
    /// Pixels have no gradient.
    package func patchify(
        _ pixels: [UInt8], tiles: Int, side: Int, patch: Int, mean: [Float], std: [Float]
    ) throws(ComputeError) -> Tensor {
        try backend.patchify(pixels, tiles: tiles, side: side, patch: patch, mean: mean, std: std)
    }

    package func assembleTokens(patches: Tensor, positions: Tensor, prefix: Tensor) throws(ComputeError) -> Tensor {
        let y = try backend.assembleTokens(patches: patches, positions: positions, prefix: prefix)
        return record(y, of: [patches, positions, prefix]) { [backend] dy throws(ComputeError) in
            let perTile = prefix.rows + positions.rows
            let isPrefix = { (row: Int) in row % perTile < prefix.rows }
            let places = (0..<dy.rows).filter { !isPrefix($0) }
            let patchGradient = try backend.rows(dy, places)
            return [
                patchGradient,
                try backend.scatteredRows(
                    patchGradient, to: places.map { $0 % perTile - prefix.rows }, count: positions.rows),
                try backend.scatteredRows(
                    try backend.rows(dy, (0..<dy.rows).filter(isPrefix)),
                    to: (0..<dy.rows).filter(isPrefix).map { $0 % perTile }, count: prefix.rows),
            ]
        }
    }

    package func pixelShuffle(
        _ x: Tensor, prefix: Int, side: Int, transposed: Bool
    ) throws(ComputeError) -> Tensor {
        let y = try backend.pixelShuffle(x, prefix: prefix, side: side, transposed: transposed)
        return record(y, of: [x]) { [backend] dy throws(ComputeError) in
            // Quarter q of token t is row `sources[4t + q]` of x.
            let (perTile, half) = (prefix + side * side, side / 2)
            let sources = (0..<x.rows / perTile * side * side).map { index in
                let (tile, cell) = index.quotientAndRemainder(dividingBy: side * side)
                let (first, second) = (cell / 4).quotientAndRemainder(dividingBy: half)
                let (row, column) = transposed ? (second, first) : (first, second)
                return tile * perTile + prefix + (2 * row + cell % 4 / 2) * side + 2 * column + cell % 2
            }
            return [try backend.scatteredRows(dy.reshaped([sources.count, x.columns]), to: sources, count: x.rows)]
        }
    }
}
