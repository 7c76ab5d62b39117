// max: the block's largest magnitude becomes 6. NVIDIA Model Optimizer's `NVFP4_DEFAULT_CFG`.

import Numerics

struct MaxRecipe: BlockScaleRecipe {
    let scales: NVFP4WeightScales
    let globalScale: Float

    @inline(__always) func scale(of block: NVFP4Block) -> E4M3 {
        scales.blockScale(largest: block.largest, globalScale: globalScale)
    }
}
