// four-over-six (arXiv 2512.02010): e2m1 has nothing between 4 and 6, so a block may do better with 4 as its largest.

import Numerics

struct FourOverSixRecipe: BlockScaleRecipe {
    let scales: NVFP4WeightScales
    let globalScale: Float
    /// Largest magnitude of the tensor, or of all that share its global scale.
    let tensorLargest: Float
    let norm: Float

    @inline(__always) func scale(of block: NVFP4Block) -> E4M3 {
        let largest = block.largest
        let six = scales.staticBlockScale(range: largest, tensorLargest: tensorLargest, norm: norm)
        let four = scales.staticBlockScale(range: 1.5 * largest, tensorLargest: tensorLargest, norm: norm)
        let errorOfSix = block.squaredError(step: six.float * globalScale)
        return block.squaredError(step: four.float * globalScale) < errorOfSix ? four : six
    }
}
