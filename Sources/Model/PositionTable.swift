// The vision encoder's position embedding at the resolution of a tile. Knows nothing of files.

/// Resamples a square grid of embeddings bilinearly, without antialiasing, as RADIO's `vit_patch_generator` does.
///
/// `alignCorners` is true in the code that trained Nemotron Nano VL V1 (RADIO before 2025-06-28) and false after it.
package struct PositionTable: Sendable {
    /// `[side * side, width]`, row-major over the tile's patches.
    package let values: [Float]

    /// - Parameters:
    ///   - table: `[grid * grid, width]` of the checkpoint, row-major.
    ///   - side: patches along a tile's edge.
    package init(resampling table: [Float], grid: Int, width: Int, to side: Int, alignCorners: Bool) {
        precondition(table.count == grid * grid * width, "the table covers its grid")
        guard grid != side else {
            values = table
            return
        }
        let taps = (0..<side).map { Tap($0, from: grid, to: side, alignCorners: alignCorners) }
        var result: [Float] = []
        result.reserveCapacity(side * side * width)
        for y in taps {
            for x in taps {
                let corners = [(y.low, x.low), (y.low, x.high), (y.high, x.low), (y.high, x.high)]
                    .map { ($0.0 * grid + $0.1) * width }
                for i in 0..<width {
                    let top = (1 - x.fraction) * table[corners[0] + i] + x.fraction * table[corners[1] + i]
                    let bottom = (1 - x.fraction) * table[corners[2] + i] + x.fraction * table[corners[3] + i]
                    result.append((1 - y.fraction) * top + y.fraction * bottom)
                }
            }
        }
        values = result
    }

    /// The transpose of the resampling: the gradient of the checkpoint's table from the gradient of `values`.
    /// - Parameter gradient: `[side * side, width]`.
    /// - Returns: `[grid * grid, width]`.
    package static func tableGradient(
        of gradient: [Float], grid: Int, width: Int, side: Int, alignCorners: Bool
    ) -> [Float] {
        precondition(gradient.count == side * side * width, "the gradient covers the tile's patches")
        guard grid != side else { return gradient }
        let taps = (0..<side).map { Tap($0, from: grid, to: side, alignCorners: alignCorners) }
        var sums = [Double](repeating: 0, count: grid * grid * width)
        for (row, y) in taps.enumerated() {
            for (column, x) in taps.enumerated() {
                let source = (row * side + column) * width
                let (down, right) = (Double(y.fraction), Double(x.fraction))
                for (cell, weight) in [
                    (y.low * grid + x.low, (1 - down) * (1 - right)), (y.low * grid + x.high, (1 - down) * right),
                    (y.high * grid + x.low, down * (1 - right)), (y.high * grid + x.high, down * right),
                ] {
                    for i in 0..<width { sums[cell * width + i] += weight * Double(gradient[source + i]) }
                }
            }
        }
        return sums.map { Float($0) }
    }
}

/// The two source cells of one target cell along an axis, in float32 as torch computes them.
private struct Tap {
    let low: Int
    let high: Int
    let fraction: Float

    init(_ index: Int, from source: Int, to target: Int, alignCorners: Bool) {
        let position: Float
        if alignCorners {
            position = target > 1 ? Float(index) * (Float(source - 1) / Float(target - 1)) : 0
        } else {
            position = max(0, (Float(source) / Float(target)) * (Float(index) + 0.5) - 0.5)
        }
        low = min(Int(position), source - 1)
        high = min(low + 1, source - 1)
        fraction = position - Float(low)
    }
}
