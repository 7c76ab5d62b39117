// A stream of random bits from a seed. Knows nothing of what is drawn with them.

/// SplitMix64 after a mixing step, so that neighbouring states start far apart.
struct SplitMix {
    private var state: UInt64

    init(state: UInt64) { self.state = Self.mixed(state) }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
