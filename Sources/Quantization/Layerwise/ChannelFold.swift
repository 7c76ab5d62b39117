// Where the scales of input channels go, so that a model stays the same: into the norm or the rows before. Knows no search.

import Checkpoint
import Compute
import Numerics

/// Scales folded into a norm weight.
struct FoldedNorm {
    /// bf16, to be written in place of the norm's own.
    let weight: TensorView
    /// What the columns of the weights behind are multiplied by: exactly what the rounded norm makes up for.
    let columnScales: [Float]

    /// - Parameter inputScales: what inputs should be multiplied by.
    init(_ norm: Tensor, inputScales: [Float]) {
        var bits: [UInt16] = []
        var scales: [Float] = []
        for (weight, scale) in zip(norm.array(), inputScales) {
            let folded = BFloat16(weight * scale)
            let factor = weight / folded.float
            // A channel that is off stays off, and nothing may overflow.
            if weight != 0, factor.isNormal, folded.float.isFinite {
                bits.append(folded.bits)
                scales.append(factor)
            } else {
                bits.append(BFloat16(weight).bits)
                scales.append(1)
            }
        }
        weight = TensorView(copying: bits, dtype: .bf16, shape: norm.shape)
        columnScales = scales
    }

    /// The mean of what the layers of a group, which share their input, want it multiplied by.
    static func unified(_ scales: [[Float]]) -> [Float] {
        guard let first = scales.first else { return [] }
        return first.indices.map { column in
            scales.reduce(Float(0)) { $0 + 1 / $1[column] } / Float(scales.count)
        }
    }
}
