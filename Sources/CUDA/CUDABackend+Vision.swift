// The vision encoder's rearrangements, forward and backward.

package import Compute
import Numerics

extension CUDABackend {
    package func patchify(
        _ pixels: [UInt8], tiles: Int, side: Int, patch: Int, mean: [Float], std: [Float]
    ) throws(ComputeError) -> Tensor {
        guard patch > 0, side % patch == 0, pixels.count == tiles * 3 * side * side, mean.count == 3, std.count == 3
        else {
            throw .shape(
                operation: "patchify", weight: nil, found: [pixels.count],
                expected: "\(tiles) tiles of 3 x \(side) x \(side) bytes, \(side) a multiple of \(patch)")
        }
        return try computing { () throws(CUDAError) in
            let grid = side / patch
            let (y, target) = try make([tiles * grid * grid, 3 * patch * patch])
            let source = try uploaded(pixels)
            try launch(common.patchify, count: y.shape.count, columns: patch) { count, _ in
                [.memory(source), .memory(target), .long(count), .int(side), .int(patch)]
                    + (mean + std).map { .float($0) }
            }
            return y
        }
    }

    package func assembleTokens(patches: Tensor, positions: Tensor, prefix: Tensor) throws(ComputeError) -> Tensor {
        let width = patches.columns
        guard positions.columns == width, prefix.columns == width, positions.rows > 0,
            patches.rows % positions.rows == 0
        else {
            throw .shape(
                operation: "assembleTokens", weight: nil, found: patches.shape,
                expected: "[tiles * \(positions.rows), \(positions.columns)] with a prefix of the same width")
        }
        let shape: Shape = [patches.rows / positions.rows * (prefix.rows + positions.rows), width]
        try checkCount(shape, "assembleTokens")
        return try computing { () throws(CUDAError) in
            let (y, target) = try make(shape)
            let (body, table, head) = (try memory(patches), try memory(positions), try memory(prefix))
            try launch(common.assemble, count: shape.count, columns: width) { count, columns in
                [
                    .memory(body), .memory(table), .memory(head), .memory(target), .int(count), .int(columns),
                    .int(prefix.rows), .int(positions.rows),
                ]
            }
            return y
        }
    }

    package func assembleTokensGradient(
        _ dy: Tensor, prefixRows: Int, positionRows: Int
    ) throws(ComputeError) -> (patches: Tensor, positions: Tensor, prefix: Tensor) {
        try checkCount(dy.shape, "assembleTokens gradient")
        let perTile = prefixRows + positionRows
        guard positionRows > 0, prefixRows >= 0, dy.rows % perTile == 0 else {
            throw .shape(
                operation: "assembleTokens gradient", weight: nil, found: dy.shape,
                expected: "[tiles * \(perTile), width]")
        }
        let (tiles, width) = (dy.rows / perTile, dy.columns)
        return try computing { () throws(CUDAError) in
            let source = try memory(dy)
            let (patches, target) = try make([tiles * positionRows, width])
            try launch(common.patchRows, count: patches.shape.count, columns: width) { count, columns in
                [.memory(source), .memory(target), .int(count), .int(columns), .int(prefixRows), .int(positionRows)]
            }
            // A tile is one row of the sum.
            let (prefix, head) = try make([prefixRows, width])
            let (positions, tail) = try make([positionRows, width])
            try sumColumns(
                source, rows: tiles, columns: perTile * width, into: head, split: prefixRows * width, rest: tail)
            return (patches, positions, prefix)
        }
    }

    package func pixelShuffle(
        _ x: Tensor, prefix: Int, side: Int, transposed: Bool
    ) throws(ComputeError) -> Tensor {
        let perTile = prefix + side * side
        try checkCount(x.shape, "pixelShuffle")
        guard side > 0, side % 2 == 0, x.rows % perTile == 0 else {
            throw .shape(
                operation: "pixelShuffle", weight: nil, found: x.shape,
                expected: "[tiles * (\(prefix) + \(side)^2), width] with an even side")
        }
        let (tiles, width) = (x.rows / perTile, x.columns)
        return try computing { () throws(CUDAError) in
            let (y, target) = try make([tiles * side * side / 4, 4 * width])
            let source = try memory(x)
            try launch(common.shuffle, count: y.shape.count, columns: width) { count, columns in
                [
                    .memory(source), .memory(target), .int(count), .int(columns), .int(prefix), .int(side),
                    .int(transposed ? 1 : 0),
                ]
            }
            return y
        }
    }

    package func pixelShuffleGradient(
        _ dy: Tensor, rows: Int, prefix: Int, side: Int, transposed: Bool
    ) throws(ComputeError) -> Tensor {
        let perTile = prefix + side * side
        guard side > 0, side % 2 == 0, rows % perTile == 0, dy.shape.rank == 2, dy.columns % 4 == 0,
            dy.rows == rows / perTile * side * side / 4
        else {
            throw .shape(
                operation: "pixelShuffle gradient", weight: nil, found: dy.shape,
                expected: "[\(rows / max(perTile, 1) * side * side / 4), 4 * width]")
        }
        let width = dy.columns / 4
        try checkCount([rows, width], "pixelShuffle gradient")
        return try computing { () throws(CUDAError) in
            let (dx, target) = try make([rows, width])
            let source = try memory(dy)
            try launch(common.unshuffle, count: dx.shape.count, columns: width) { count, columns in
                [
                    .memory(source), .memory(target), .int(count), .int(columns), .int(prefix), .int(side),
                    .int(transposed ? 1 : 0),
                ]
            }
            return dx
        }
    }
}
