// The vision encoder's rearrangements by definition.

import Numerics

extension ReferenceBackend {
    package func patchify(
        _ pixels: [UInt8], tiles: Int, side: Int, patch: Int, mean: [Float], std: [Float]
    ) throws(ComputeError) -> Tensor {
        guard pixels.count == tiles * 3 * side * side, patch > 0, side % patch == 0 else {
            throw .shape(
                operation: "patchify", weight: nil, found: [pixels.count],
                expected: "\(tiles) tiles of 3 x \(side) x \(side) bytes, \(side) a multiple of \(patch)")
        }
        let grid = side / patch
        var result: [Float] = []
        result.reserveCapacity(pixels.count)
        for tile in 0..<tiles {
            for y in 0..<grid {
                for x in 0..<grid {
                    for channel in 0..<3 {
                        for row in 0..<patch {
                            let start = ((tile * 3 + channel) * side + y * patch + row) * side + x * patch
                            for byte in pixels[start..<start + patch] {
                                result.append((Float(byte) / 255 - mean[channel]) / std[channel])
                            }
                        }
                    }
                }
            }
        }
        return Tensor(result, shape: [tiles * grid * grid, 3 * patch * patch])
    }

    package func assembleTokens(patches: Tensor, positions: Tensor, prefix: Tensor) throws(ComputeError) -> Tensor {
        let width = patches.columns
        guard positions.columns == width, prefix.columns == width, patches.rows % positions.rows == 0 else {
            throw .shape(
                operation: "assembleTokens", weight: nil, found: patches.shape,
                expected: "[tiles * \(positions.rows), \(positions.columns)] with a prefix of the same width")
        }
        let tiles = patches.rows / positions.rows
        let perTile = positions.rows * width
        let (values, table, head) = (patches.array(), positions.array(), prefix.array())
        var result: [Float] = []
        for tile in 0..<tiles {
            result += head
            result += zip(values[tile * perTile..<(tile + 1) * perTile], table).map { $0 + $1 }
        }
        return Tensor(result, shape: [tiles * (prefix.rows + positions.rows), width])
    }

    package func pixelShuffle(
        _ x: Tensor, prefix: Int, side: Int, transposed: Bool
    ) throws(ComputeError) -> Tensor {
        let perTile = prefix + side * side
        guard side % 2 == 0, x.rows % perTile == 0 else {
            throw .shape(
                operation: "pixelShuffle", weight: nil, found: x.shape,
                expected: "[tiles * (\(prefix) + \(side)^2), width] with an even side")
        }
        let (tiles, width, half) = (x.rows / perTile, x.columns, side / 2)
        let values = x.array()
        var result: [Float] = []
        result.reserveCapacity(tiles * side * side * width)
        for tile in 0..<tiles {
            for first in 0..<half {
                for second in 0..<half {
                    let (row, column) = transposed ? (second, first) : (first, second)
                    for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        let token = tile * perTile + prefix + (2 * row + a) * side + 2 * column + b
                        result += values[token * width..<(token + 1) * width]
                    }
                }
            }
        }
        return Tensor(result, shape: [tiles * half * half, 4 * width])
    }
}
