// The largest magnitude that went into each weight. Knows weights by name, not what the ranges are used for.

import Compute
import Numerics
import Synchronization

/// Remembers the largest |x| of every input it is shown.
final class InputRanges: Sendable {
    private let ranges = Mutex<[String: Float]>([:])

    /// By the weight's path, as a bf16 value: what a model run in bf16 would show. Infinite or NaN when an input was not
    /// finite.
    var largestInputs: [String: Float] { ranges.withLock { $0 } }

    func note(_ x: Tensor, of weights: [Weight]) {
        let largest = BFloat16(Self.largest(x)).float
        ranges.withLock { ranges in
            for weight in weights {
                // A NaN wins over everything.
                if let known = ranges[weight.name], known.isNaN || known >= largest { continue }
                ranges[weight.name] = largest
            }
        }
    }

    private static func largest(_ x: Tensor) -> Float {
        withExtendedLifetime(x.storage) {
            // Patterns of magnitudes order as the magnitudes do, with infinity and NaN above all others.
            Float(bitPattern: x.values.reduce(into: 0 as UInt32) { $0 = max($0, $1.bitPattern & 0x7FFF_FFFF) })
        }
    }
}
