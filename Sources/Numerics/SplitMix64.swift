// Random bits from a seed, the same on every machine. Knows nothing of what is drawn with them.

/// Steele, Lea and Flood's splittable generator (OOPSLA 2014), which passes BigCrush. Equal seeds give equal numbers.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    /// Apart from the seed, the number of draws times `step`.
    package private(set) var state: UInt64

    /// 2^64 over the golden ratio: states of neighbouring draws differ in about half of their bits.
    @inlinable package static var step: UInt64 { 0x9E37_79B9_7F4A_7C15 }

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= Self.step
        return Self.mixed(state)
    }

    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 56) }
    }

    /// A permutation of 64 bits in which each bit of the value turns half of the result's. 0 stays 0.
    @inlinable package static func mixed(_ value: UInt64) -> UInt64 {
        var z = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
