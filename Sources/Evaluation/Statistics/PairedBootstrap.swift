// The paired bootstrap over items: how much a mean would move with other items. Knows columns of numbers only.

import Numerics

/// Resamples items with replacement; figures of one item (under several models) stay together.
package struct PairedBootstrap: Sendable {
    package let seed: UInt64
    package let resamples: Int

    package init(seed: UInt64 = 0, resamples: Int = 10_000) {
        self.seed = seed
        self.resamples = resamples
    }

    /// Means of up to four columns in each resample. Columns are of one length, one figure an item.
    /// - Returns: one row for each resample, a column in each lane. The same seed and columns give the same bits.
    package func means(_ columns: [[Double]]) -> [SIMD4<Double>] {
        let count = columns.first?.count ?? 0
        precondition(
            (1...4).contains(columns.count) && columns.allSatisfy { $0.count == count } && count < 1 << 31,
            "one to four columns of one length")
        guard count > 0 else { return [] }
        let items = (0..<count).map { item in
            var row = SIMD4<Double>()
            for (lane, column) in columns.enumerated() { row[lane] = column[item] }
            return row
        }
        return items.withUnsafeBufferPointer { items in
            (0..<resamples).map { resample in
                // One step gives two items.
                var random = Self.stream(seed, resample)
                var sum = SIMD4<Double>()
                var left = count
                while left > 1 {
                    let bits = random.next()
                    sum += items[Self.place(bits >> 32, count)]
                    sum += items[Self.place(bits & 0xFFFF_FFFF, count)]
                    left -= 2
                }
                if left == 1 { sum += items[Self.place(random.next() >> 32, count)] }
                return sum / Double(count)
            }
        }
    }

    /// The same with clusters drawn instead of items: a resample has as many clusters as there are, and its mean is that of
    /// all items in them.
    package func means(_ columns: [[Double]], in clusters: Clusters) -> [SIMD4<Double>] {
        if clusters.areSingle { return means(columns) }
        precondition((1...4).contains(columns.count) && clusters.members.count < 1 << 31, "one to four columns")
        let sums = clusters.members.map { places in
            var sum = SIMD4<Double>()
            for (lane, column) in columns.enumerated() {
                for place in places { sum[lane] += column[place] }
            }
            return (sum: sum, count: Double(places.count))
        }
        return (0..<resamples).map { resample in
            var random = Self.stream(seed, resample)
            var (sum, count) = (SIMD4<Double>(), 0.0)
            for _ in sums {
                let drawn = sums[Self.place(random.next() >> 32, sums.count)]
                sum += drawn.sum
                count += drawn.count
            }
            return sum / count
        }
    }

    /// Each resample has a stream of its own; mixed, so that neighbouring ones start far apart.
    private static func stream(_ seed: UInt64, _ resample: Int) -> SplitMix64 {
        SplitMix64(seed: SplitMix64.mixed(seed &+ UInt64(resample) &* 0xD1B5_4A32_D192_ED03))
    }

    /// One of `count` places from 32 random bits; the bias is below count / 2^32.
    private static func place(_ bits: UInt64, _ count: Int) -> Int { Int((bits &* UInt64(count)) >> 32) }

    /// The 95 % interval of a figure of the columns' means; nil with too few clusters for one.
    package func interval(
        _ columns: [[Double]], in clusters: Clusters, of figure: (SIMD4<Double>) -> Double
    ) -> Interval? {
        guard clusters.members.count >= Clusters.leastForInterval else { return nil }
        return Self.interval(means(columns, in: clusters), of: figure)
    }

    /// The 95 % percentile interval of a figure of the resamples' means; those for which it is no number are left out.
    package static func interval(
        _ means: [SIMD4<Double>], of figure: (SIMD4<Double>) -> Double
    ) -> Interval? {
        let values = means.map(figure).filter { !$0.isNaN }.sorted()
        guard let lower = Percentile.value(0.025, ofSorted: values),
            let upper = Percentile.value(0.975, ofSorted: values)
        else { return nil }
        return Interval(lower, upper)
    }
}

/// Percentiles with linear interpolation between neighbours, as numpy's default.
package enum Percentile {
    /// - Parameter share: 0...1.
    /// - Returns: nil without values.
    package static func value(_ share: Double, ofSorted values: [Double]) -> Double? {
        guard let last = values.last else { return nil }
        let place = share * Double(values.count - 1)
        let below = Int(place)
        guard below + 1 < values.count else { return last }
        let (low, high) = (values[below], values[below + 1])
        // Equal neighbours, infinite ones included, have nothing between them.
        return low == high ? low : low + (high - low) * (place - Double(below))
    }
}
