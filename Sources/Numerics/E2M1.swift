// float4 e2m1: 1 sign, 2 exponent (bias 1), 1 mantissa. Magnitudes 0, 0.5, 1, 1.5, 2, 3, 4, 6; no infinity, no NaN.
// Source: OCP Microscaling Formats (MX) Specification 1.0, section 5.3.3.

/// A float4 e2m1 code in the low four bits of a byte; bit 3 is the sign.
package struct E2M1: Sendable, Hashable {
    package var code: UInt8

    package static let largest: Float = 6

    /// Values of codes 0 to 15; code 8 is negative zero.
    package static let values: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]

    @inlinable package init(code: UInt8) { self.code = code & 0xF }

    /// Rounds to nearest, ties to the even code, saturating at 6; the sign is kept for values below zero only
    /// (-0.0 gives code 0) and NaN gives code 7, as NVIDIA Model Optimizer's exporter does.
    package init(saturating value: Float) {
        let magnitude = value.magnitude
        let ordinal: UInt8
        switch magnitude {
        case ...0.25: ordinal = 0
        case ..<0.75: ordinal = 1
        case ...1.25: ordinal = 2
        case ..<1.75: ordinal = 3
        case ...2.5: ordinal = 4
        case ..<3.5: ordinal = 5
        case ...5: ordinal = 6
        default: ordinal = 7
        }
        code = ordinal | (value < 0 ? 8 : 0)
    }

    package var float: Float { Self.values[Int(code)] }
}
