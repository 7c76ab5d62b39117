// sweep-256: every positive e4m3 scale is tried, up to 1.75 times that of the largest magnitude: what `mse` and
// `four-over-six` can choose between them, and more.

import Numerics

struct Sweep256Recipe: BlockScaleRecipe {
    private let sweep: ScaleSweep

    /// - Parameter globalScale: largest / (6 * 256).
    init(globalScale: Float) { sweep = ScaleSweep(globalScale: globalScale) }

    @inline(__always) func scale(of block: NVFP4Block) -> E4M3 { sweep.best(for: block) }
}
