// Angles per position of the rotary embedding. Knows nothing of tensors.

package import Checkpoint
import Foundation

/// The `headDim / 2` frequencies of a Llama decoder, radians a position, with the llama3 long-context scaling.
///
/// float32 throughout, in the operation order of transformers' `modeling_rope_utils`, so that angles at 16K agree.
package struct RotaryFrequencies: Sendable {
    package let values: [Float]

    package init(headDim: Int, theta: Double, scaling: RopeScaling) {
        let plain = (0..<headDim / 2).map { 1 / powf(Float(theta), Float(2 * $0) / Float(headDim)) }
        guard case .llama3(let factor, let low, let high, let original) = scaling else {
            values = plain
            return
        }
        values = plain.map { frequency in
            let wavelength = 2 * Float.pi / frequency
            if wavelength < Float(original) / Float(high) { return frequency }
            if wavelength > Float(original) / Float(low) { return frequency / Float(factor) }
            let smooth = (Float(original) / wavelength - Float(low)) / (Float(high) - Float(low))
            return (1 - smooth) * (frequency / Float(factor)) + smooth * frequency
        }
    }
}
