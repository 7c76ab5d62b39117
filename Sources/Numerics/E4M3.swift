// float8 e4m3fn: 1 sign, 4 exponent (bias 7), 3 mantissa; no infinity, 0x7F and 0xFF are NaN.
// Source: OCP 8-bit Floating Point Specification, "FP8 Formats for Deep Learning" (arXiv 2209.05433).

/// A float8 e4m3fn value held as its byte. Largest finite magnitude 448, smallest 2^-9.
package struct E4M3: Sendable, Hashable {
    package var bits: UInt8

    package static let largestFinite: Float = 448

    @inlinable package init(bits: UInt8) { self.bits = bits }

    /// Rounds to nearest, ties to even, saturating at 448; NaN becomes 0x7F with its sign.
    package init(saturating value: Float) {
        let sign = UInt8(truncatingIfNeeded: value.bitPattern >> 24) & 0x80
        let magnitude = value.magnitude
        if value.isNaN {
            bits = sign | 0x7F
        } else if magnitude >= 448 {
            bits = sign | 0x7E
        } else if magnitude < 0x1p-6 {
            // Subnormal: a multiple of 2^-9; rounding up to 8 lands on the first normal code.
            bits = sign | UInt8((magnitude * 0x1p9).rounded(.toNearestOrEven))
        } else {
            // Round the float32 mantissa to 3 bits in place, then rebias 127 -> 7.
            let pattern = magnitude.bitPattern
            let rounded = (pattern &+ 0x7FFFF &+ ((pattern >> 20) & 1)) >> 20
            bits = sign | UInt8(truncatingIfNeeded: min(rounded &- (120 << 3), 0x7E))
        }
    }

    package var isNaN: Bool { bits & 0x7F == 0x7F }

    @inlinable package var float: Float {
        let exponent = UInt32(bits >> 3) & 0xF
        let mantissa = UInt32(bits & 7)
        let magnitude: Float
        if bits & 0x7F == 0x7F {
            magnitude = .nan
        } else if exponent == 0 {
            magnitude = Float(mantissa) * 0x1p-9
        } else {
            magnitude = Float(bitPattern: (exponent + 120) << 23 | mantissa << 20)
        }
        return bits & 0x80 == 0 ? magnitude : -magnitude
    }
}
