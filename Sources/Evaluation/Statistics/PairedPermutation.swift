// The paired permutation test: would the difference be as large if each pair's sides were swapped at random? Knows numbers
// only.

import Foundation
import Numerics

package struct PairedPermutation: Sendable {
    package let seed: UInt64
    /// Random sign patterns, where there are too many to try all.
    package let draws: Int

    /// Up to this many differences that are not zero every pattern of signs is tried.
    private static let exactLimit = 16

    package init(seed: UInt64 = 0, draws: Int = 10_000) {
        self.seed = seed
        self.draws = draws
    }

    /// Two-sided p of the sum of differences, each of which had as well been of the other sign. 1 when all are zero.
    package func twoSidedP(_ differences: [Double]) -> Double {
        let moved = differences.filter { $0 != 0 }
        guard !moved.isEmpty else { return 1 }
        // Sums in another order differ in their last bits: as large is what is not clearly smaller.
        let scale = moved.reduce(0) { $0 + abs($1) }
        let observed = abs(moved.reduce(0, +)) - 1e-12 * scale
        if moved.count <= Self.exactLimit {
            let patterns = 1 << moved.count
            let asLarge = (0..<patterns).count { pattern in
                abs(sum(moved) { pattern >> $0 & 1 == 1 }) >= observed
            }
            return Double(asLarge) / Double(patterns)
        }
        var random = SplitMix64(seed: SplitMix64.mixed(seed))
        var asLarge = 0
        for _ in 0..<draws {
            var bits: UInt64 = 0
            let total = sum(moved) { place in
                if place & 63 == 0 { bits = random.next() }
                return bits >> UInt64(place & 63) & 1 == 1
            }
            if abs(total) >= observed { asLarge += 1 }
        }
        // The observed pattern is one of those that could have been drawn.
        return Double(asLarge + 1) / Double(draws + 1)
    }

    private func sum(_ differences: [Double], isTurned: (Int) -> Bool) -> Double {
        var sum = 0.0
        for (place, difference) in differences.enumerated() { sum += isTurned(place) ? -difference : difference }
        return sum
    }
}
