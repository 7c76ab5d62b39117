// bfloat16: the upper half of an IEEE 754 binary32.

/// A bfloat16 value held as its 16 bits: 1 sign, 8 exponent, 7 mantissa.
package struct BFloat16: Sendable, Hashable {
    package var bits: UInt16

    @inlinable package init(bits: UInt16) { self.bits = bits }

    /// Rounds to nearest, ties to even; NaN stays NaN (quiet), overflow goes to infinity.
    @inlinable package init(_ value: Float) {
        let pattern = value.bitPattern
        if value.isNaN {
            bits = UInt16(truncatingIfNeeded: pattern >> 16) | 0x0040
        } else {
            bits = UInt16(truncatingIfNeeded: (pattern &+ 0x7FFF &+ ((pattern >> 16) & 1)) >> 16)
        }
    }

    @inlinable package var float: Float { Float(bitPattern: UInt32(bits) << 16) }

    /// The bits of each value, rounded.
    package static func bits(of values: UnsafeBufferPointer<Float>) -> [UInt16] {
        [UInt16](unsafeUninitializedCapacity: values.count) { bits, count in
            for index in values.indices { bits[index] = BFloat16(values[index]).bits }
            count = values.count
        }
    }
}
