// Rotary position embedding and its angles. Knows nothing of sequences.

import Foundation
import Numerics
import Synchronization

extension CPUBackend {
    package func rope(
        _ x: Tensor, headDim: Int, positions: [Int32], frequencies: [Float]
    ) throws(ComputeError) -> Tensor {
        try checkMatrix(x, operation: "rope")
        let columns = x.columns
        guard headDim > 0, columns % headDim == 0, positions.count == x.rows, frequencies.count * 2 == headDim else {
            throw .shape(
                operation: "rope", weight: nil, found: x.shape,
                expected: "[\(positions.count), heads * \(headDim)] with \(headDim / 2) frequencies")
        }
        let half = headDim / 2
        let angles = rotaryAngles(positions: positions, frequencies: frequencies)
        let result = tensor(x.shape)
        forEachRow(x.rows, columns: columns) { row in
            let (offset, angle) = (row * columns, row * half)
            kernels.table.rope(
                result.pointer + offset, x.pointer + offset, angles.cosines.pointer + angle,
                angles.sines.pointer + angle, columns / headDim, half)
        }
        return result
    }

    /// The angles of a step, which all its layers ask for: kept until another step asks for others.
    private func rotaryAngles(positions: [Int32], frequencies: [Float]) -> RotaryAngles {
        let kept = angles.withLock { $0 }
        if let kept, kept.positions == positions, kept.frequencies == frequencies { return kept }
        let half = frequencies.count
        let new = RotaryAngles(
            positions: positions, frequencies: frequencies, cosines: tensor([positions.count, half]),
            sines: tensor([positions.count, half]))
        team.forEach(positions.count, grain: 8) { rows in
            for row in rows {
                for i in 0..<half {
                    // The product rounds to float32 as in the reference; its cosine and sine round once.
                    let angle = Double(Float(positions[row]) * frequencies[i])
                    new.cosines.pointer[row * half + i] = Float(cos(angle))
                    new.sines.pointer[row * half + i] = Float(sin(angle))
                }
            }
        }
        angles.withLock { $0 = new }
        return new
    }
}

/// Cosines and sines `[positions, frequencies]` of position times frequency.
struct RotaryAngles: Sendable {
    let positions: [Int32]
    let frequencies: [Float]
    let cosines: Tensor
    let sines: Tensor
}
