// Sixteen weights that share a block scale: rounding them to e2m1 under a given step. Knows no tensors and no rule that
// chooses the step.

/// Sixteen consecutive weights of a row of the input axis.
///
/// Every operation rounds once to float32, in the order in which NVIDIA Model Optimizer (`nvfp4_tensor.py`) states it.
package struct NVFP4Block: Sendable {
    package let values: SIMD16<Float>

    @inlinable package init(_ values: SIMD16<Float>) { self.values = values }

    /// The sixteen floats at `start`.
    @inlinable package init(_ start: UnsafePointer<Float>) {
        values = UnsafeRawPointer(start).loadUnaligned(as: SIMD16<Float>.self)
    }

    @inlinable static func magnitudes(_ values: SIMD16<Float>) -> SIMD16<Float> {
        unsafeBitCast(unsafeBitCast(values, to: SIMD16<UInt32>.self) & 0x7FFF_FFFF, to: SIMD16<Float>.self)
    }

    /// max |w|. The values are finite.
    @inlinable package var largest: Float {
        let all = Self.magnitudes(values)
        let eight = all.lowHalf.replacing(with: all.highHalf, where: all.highHalf .> all.lowHalf)
        let four = eight.lowHalf.replacing(with: eight.highHalf, where: eight.highHalf .> eight.lowHalf)
        let two = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .> four.lowHalf)
        return two.x > two.y ? two.x : two.y
    }

    /// Magnitudes to the nearest e2m1 value, ties to the even code, saturating at 6; NaN becomes 6.
    @inlinable static func rounded(_ magnitudes: SIMD16<Float>) -> SIMD16<Float> {
        let clipped = magnitudes.replacing(with: 6, where: .!(magnitudes .<= 6))
        // e2m1 values lie 0.5 apart below 2, 1 apart below 4, then 2 apart. Adding 2^22 (2^23, 2^24) leaves exactly
        // that spacing in a float32, rounded to nearest even; taking it away again is exact.
        let exponents = unsafeBitCast(clipped.replacing(with: 1, where: clipped .< 1), to: SIMD16<UInt32>.self)
        let anchor = unsafeBitCast((exponents & 0x7F80_0000) &+ (22 << 23), to: SIMD16<Float>.self)
        return (clipped + anchor) - anchor
    }

    /// Sum of (w - e2m1(w / step) * step)^2, in float32 as a tree over the sixteen elements.
    /// - Parameter step: block scale times global scale; zero counts every weight as lost.
    @inlinable package func squaredError(step: Float) -> Float {
        let magnitudes = Self.magnitudes(values)
        let difference = magnitudes - Self.rounded(magnitudes / step) * step
        return Self.sum(difference * difference)
    }

    /// e2m1(w / step) * step, with the weights' signs.
    @inlinable package func dequantized(step: Float) -> SIMD16<Float> {
        let signs = unsafeBitCast(values, to: SIMD16<UInt32>.self) & 0x8000_0000
        let magnitudes = Self.rounded(Self.magnitudes(values) / step) * step
        return unsafeBitCast(unsafeBitCast(magnitudes, to: SIMD16<UInt32>.self) | signs, to: SIMD16<Float>.self)
    }

    /// Sum of w^2.
    @inlinable package var energy: Float { Self.sum(values * values) }

    @inlinable static func sum(_ all: SIMD16<Float>) -> Float {
        let eight = all.lowHalf + all.highHalf
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }

    /// The packed codes of w / step: byte j holds element 2j in its low nibble. Values below zero keep their sign even
    /// when they round to zero; -0.0 and NaN have none.
    @inlinable package func packed(step: Float) -> SIMD8<UInt8> {
        let quotient = values / step
        let rounded = Self.rounded(Self.magnitudes(quotient))
        // 1, 1.5, 2, 3, 4, 6 have consecutive upper bits, which begin at code 2.
        var codes = (unsafeBitCast(rounded, to: SIMD16<UInt32>.self) &>> 22) &- 252
        codes.replace(with: 1, where: rounded .== 0.5)
        codes.replace(with: 0, where: rounded .== 0)
        codes.replace(with: codes | 8, where: quotient .< 0)
        return SIMD8<UInt8>(truncatingIfNeeded: codes.evenHalf | (codes.oddHalf &<< 4))
    }
}
