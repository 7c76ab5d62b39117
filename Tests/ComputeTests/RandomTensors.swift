// Random tensors and error measures for the tests of kernels.

import Compute
import Foundation
import Numerics

extension TestRandom {
    /// Of the standard normal distribution, without the far values that `value` mixes in: bounds relative to the
    /// largest result would hide the others' errors behind them.
    mutating func normal() -> Float {
        let (radius, angle) = (Double.random(in: 0x1p-60...1, using: &self), Double.random(in: 0...2, using: &self))
        return Float((-2 * log(radius)).squareRoot() * cos(.pi * angle))
    }

    mutating func tensor(_ shape: Shape, scale: Float = 1) -> Tensor {
        Tensor((0..<shape.count).map { _ in normal() * scale }, shape: shape)
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
