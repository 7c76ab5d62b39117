// The generator's random numbers, splittable by label. Knows nothing of documents.

import Numerics

/// SplitMix64 with bounded draws of its own, so that a seed means the same on every toolchain.
struct Dice: Sendable {
    private var bits: SplitMix64

    init(seed: UInt64) { bits = SplitMix64(seed: SplitMix64.mixed(seed &+ SplitMix64.step)) }

    /// Independent dice for `label`; the receiver is not moved, so neither stream depends on the length of the other.
    func split(_ label: UInt64) -> Dice {
        Dice(seed: bits.state ^ SplitMix64.mixed(label &+ 0xD1B5_4A32_D192_ED03))
    }

    mutating func next() -> UInt64 { bits.next() }

    /// Uniform over `range`, which holds far fewer than 2^32 values: the bias of the multiplication is below 2^-32.
    mutating func int(_ range: ClosedRange<Int>) -> Int {
        let count = UInt64(range.upperBound - range.lowerBound) + 1
        return range.lowerBound + Int(next().multipliedFullWidth(by: count).high)
    }

    /// Uniform over `range`.
    mutating func real(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double(next() >> 11) * 0x1p-53
    }

    mutating func chance(_ probability: Double) -> Bool { real(0...1) < probability }

    /// One of `items`, which is a table of the generator's own and never empty.
    mutating func pick<T>(_ items: [T]) -> T { items[int(0...items.count - 1)] }

    /// `items` in random order; the receiver is not moved.
    func shuffled<T>(_ items: [T]) -> [T] {
        var dice = self
        return dice.sample(items, items.count)
    }

    /// `count` different items in random order; fewer when there are fewer.
    mutating func sample<T>(_ items: [T], _ count: Int) -> [T] {
        var left = items
        var chosen: [T] = []
        while chosen.count < count, !left.isEmpty { chosen.append(left.remove(at: int(0...left.count - 1))) }
        return chosen
    }
}
