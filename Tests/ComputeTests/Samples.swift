// Reproducible inputs and error measures for the tests of kernels.

import Compute
import Foundation
import Numerics

/// A stream of numbers that is the same in every run (SplitMix64).
struct Samples {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// In 0 ..< 1.
    mutating func uniform() -> Double { Double(bits() >> 11) * 0x1p-53 }

    mutating func normal() -> Float {
        Float((-2 * log(uniform() + 0x1p-60)).squareRoot() * cos(2 * .pi * uniform()))
    }

    mutating func tensor(_ shape: Shape, scale: Float = 1) -> Tensor {
        Tensor((0..<shape.count).map { _ in normal() * scale }, shape: shape)
    }

    mutating func shuffled(_ values: Range<Int>) -> [Int] {
        var result = Array(values)
        for i in result.indices.reversed() { result.swapAt(i, Int(bits() % UInt64(i + 1))) }
        return result
    }
}

/// Distance of `found` from the exact `expected` in units of the last place of `expected`'s float32.
func ulps(_ found: Float, _ expected: Double) -> Double {
    if Double(found) == expected || (found.isNaN && expected.isNaN) { return 0 }
    let unit = max(Double(Float(expected).ulp), Double(Float.leastNonzeroMagnitude))
    return abs(Double(found) - expected) / unit
}

/// Largest difference over the largest magnitude expected.
func relativeError(_ found: Tensor, _ expected: Tensor) -> Float {
    guard found.shape == expected.shape else { return .infinity }
    let (found, expected) = (found.array(), expected.array())
    let scale = expected.map(\.magnitude).max() ?? 0
    let differences = zip(found, expected).map { ($0 - $1).magnitude }
    if differences.contains(where: \.isNaN) { return .infinity }
    return (differences.max() ?? 0) / max(scale, .leastNormalMagnitude)
}

/// The bit patterns of a tensor's elements.
func bits(_ tensor: Tensor) -> [UInt32] { tensor.array().map(\.bitPattern) }
