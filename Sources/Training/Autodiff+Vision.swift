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
            let gradient = try backend.assembleTokensGradient(
                dy, prefixRows: prefix.rows, positionRows: positions.rows)
            return [gradient.patches, gradient.positions, gradient.prefix]
        }
    }

    package func pixelShuffle(
        _ x: Tensor, prefix: Int, side: Int, transposed: Bool
    ) throws(ComputeError) -> Tensor {
        let y = try backend.pixelShuffle(x, prefix: prefix, side: side, transposed: transposed)
        return record(y, of: [x]) { [backend] dy throws(ComputeError) in
            [
                try backend.pixelShuffleGradient(
                    dy, rows: x.rows, prefix: prefix, side: side, transposed: transposed)
            ]
        }
    }
}
