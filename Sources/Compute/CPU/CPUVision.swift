// The vision encoder's rearrangements. Knows nothing of images.

import Numerics

extension CPUBackend {
    package func patchify(
        _ pixels: [UInt8], tiles: Int, side: Int, patch: Int, mean: [Float], std: [Float]
    ) throws(ComputeError) -> Tensor {
        guard tiles >= 0, patch > 0, side >= 0, side % patch == 0, mean.count == 3, std.count == 3,
            Shape([tiles, 3, side, side]).checkedCount == pixels.count
        else {
            throw .shape(
                operation: "patchify", weight: nil, found: [pixels.count],
                expected: "\(tiles) tiles of 3 x \(side) x \(side) bytes, "
                    + "\(side) a multiple of \(patch), 3 means, 3 deviations")
        }
        let grid = side / patch
        let width = 3 * patch * patch
        // A byte has 256 values: each channel's are computed once.
        let values = (0..<3).flatMap { channel in
            (0..<256).map { (Float($0) / 255 - mean[channel]) / std[channel] }
        }
        let result = tensor([tiles * grid * grid, width])
        team.forEach(tiles * grid) { bands in
            pixels.withUnsafeBufferPointer { pixels in
                for band in bands {
                    let (tile, y) = (band / grid, band % grid)
                    for (channel, row) in (0..<3 * patch).lazy.map({ ($0 / patch, $0 % patch) }) {
                        let line = ((tile * 3 + channel) * side + y * patch + row) * side
                        for x in 0..<grid {
                            let target = result.pointer + (band * grid + x) * width + (channel * patch + row) * patch
                            for column in 0..<patch {
                                target[column] = values[channel * 256 + Int(pixels[line + x * patch + column])]
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    package func assembleTokens(patches: Tensor, positions: Tensor, prefix: Tensor) throws(ComputeError) -> Tensor {
        for tensor in [patches, positions, prefix] { try checkMatrix(tensor, operation: "assembleTokens") }
        let width = patches.columns
        guard positions.columns == width, prefix.columns == width, positions.rows > 0,
            patches.rows % positions.rows == 0
        else {
            throw .shape(
                operation: "assembleTokens", weight: nil, found: patches.shape,
                expected: "[tiles * \(positions.rows), \(positions.columns)] with a prefix of the same width")
        }
        let (tiles, perTile) = (patches.rows / positions.rows, prefix.rows + positions.rows)
        let result = tensor([tiles * perTile, width])
        forEachRow(result.rows, columns: width) { row in
            let (tile, token) = (row / perTile, row % perTile)
            let target = result.pointer + row * width
            if token < prefix.rows {
                target.update(from: prefix.pointer + token * width, count: width)
            } else {
                let patch = token - prefix.rows
                kernels.table.add(
                    target, patches.pointer + (tile * positions.rows + patch) * width,
                    positions.pointer + patch * width, width)
            }
        }
        return result
    }

    package func pixelShuffle(
        _ x: Tensor, prefix: Int, side: Int, transposed: Bool
    ) throws(ComputeError) -> Tensor {
        try checkMatrix(x, operation: "pixelShuffle")
        guard prefix >= 0, prefix <= x.rows, side > 0, side % 2 == 0, let grid = Shape([side, side]).checkedCount,
            x.rows % (prefix + grid) == 0
        else {
            throw .shape(
                operation: "pixelShuffle", weight: nil, found: x.shape,
                expected: "[tiles * (\(prefix) + \(side)^2), width] with an even side")
        }
        let (perTile, width, half) = (prefix + grid, x.columns, side / 2)
        let result = tensor([x.rows / perTile * half * half, 4 * width])
        forEachRow(result.rows, columns: 4 * width) { index in
            let (tile, first, second) = (index / (half * half), index / half % half, index % half)
            let (row, column) = transposed ? (second, first) : (first, second)
            for cell in 0..<4 {
                let token = tile * perTile + prefix + (2 * row + cell / 2) * side + 2 * column + cell % 2
                (result.pointer + (index * 4 + cell) * width).update(from: x.pointer + token * width, count: width)
            }
        }
        return result
    }
}
