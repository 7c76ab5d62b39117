// Pixel arithmetic of Pillow: blending over white and CMYK. Knows nothing of images.

/// The rounding division by 255 that Pillow uses, exact for products of two bytes.
@inline(__always)
func dividedBy255(_ value: UInt32) -> UInt32 {
    let sum = value &+ 128
    return (sum >> 8 &+ sum) >> 8
}

/// A sample under opacity `alpha` over white.
@inline(__always)
package func overWhite(_ sample: UInt8, alpha: UInt8) -> UInt8 {
    let alpha = UInt32(alpha)
    return UInt8(truncatingIfNeeded: dividedBy255(UInt32(sample) &* alpha &+ 255 &* (255 &- alpha)))
}

/// One of red, green, blue from its ink and black, both inverted as Adobe stores them (255 is no ink).
@inline(__always)
package func fromInvertedInk(_ ink: UInt8, black: UInt8) -> UInt8 {
    let black = UInt32(black)
    let ink = dividedBy255(UInt32(255 &- ink) &* black)
    return ink > black ? 0 : UInt8(truncatingIfNeeded: black &- ink)
}
