// mse: every positive e4m3 scale is tried. NVIDIA Model Optimizer's `nvfp4_w4a4_weight_mse_fp8_sweep`.

import Numerics

struct MSERecipe: BlockScaleRecipe {
    private let sweep: ScaleSweep

    /// - Parameter globalScale: largest / (6 * 448): no block scale can exceed that of the largest magnitude.
    init(globalScale: Float) { sweep = ScaleSweep(globalScale: globalScale) }

    @inline(__always) func scale(of block: NVFP4Block) -> E4M3 { sweep.best(for: block) }
}
