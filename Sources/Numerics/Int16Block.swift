// Sixteen activations as int16 under one power of two: the activations of w4a16 where bf16 cannot be multiplied. Pure value.

/// A symmetric int16 block: value = code * scale. What is bf16 and at least 1/64 of the block's largest magnitude stays
/// exact; everything else is off by at most 1/32639 of that.
package struct Int16Block: Sendable {
    /// In -32639 ... 32639, so that the high byte fits int8 when the low byte is rounded to int8.
    package let codes: [Int16]
    package let scale: Float

    /// Rounds to nearest, ties to even. NaN becomes zero; so does a block without a finite largest magnitude of 2^-112
    /// or more.
    package init(quantizing block: ArraySlice<Float>) {
        var largest: Float = 0
        for value in block { largest = max(largest, value.magnitude) }
        // The power of two that leaves the largest code 15 bits; one more when these do not hold it.
        var exponent = largest.isFinite && largest.isNormal ? Int(largest.exponent) - 14 : .min
        if exponent > .min, largest * Float(sign: .plus, exponent: -exponent, significand: 1) >= 32639 { exponent += 1 }
        guard exponent >= -126 else {
            codes = Array(repeating: 0, count: block.count)
            scale = 0
            return
        }
        let unit = Float(sign: .plus, exponent: exponent, significand: 1)
        let inverse = Float(sign: .plus, exponent: -exponent, significand: 1)
        scale = unit
        codes = block.map { $0.isNaN ? 0 : Int16(($0 * inverse).rounded(.toNearestOrEven)) }
    }
}
