// The largest outputs of a product, with their places. Knows nothing of how the product is computed.

/// An output of a product and its value.
package struct RankedOutput: Sendable, Hashable {
    package let index: Int32
    package let value: Float

    package init(index: Int32, value: Float) {
        self.index = index
        self.value = value
    }
}

/// Keeps the `limit` largest of the values it is shown, largest first, the earlier index first among equals. NaN counts as
/// larger than any number, so that it is seen.
package struct LargestOutputs {
    private let limit: Int
    package private(set) var ranked: [RankedOutput] = []

    package init(limit: Int) { self.limit = max(0, limit) }

    /// - Parameter index: greater than those shown before.
    package mutating func show(_ value: Float, at index: Int) {
        guard limit > 0 else { return }
        if let last = ranked.last, ranked.count == limit {
            guard Self.isLess(last.value, value) else { return }
            ranked.removeLast()
        }
        var place = ranked.count
        while place > 0, Self.isLess(ranked[place - 1].value, value) { place -= 1 }
        ranked.insert(RankedOutput(index: Int32(truncatingIfNeeded: index), value: value), at: place)
    }

    private static func isLess(_ a: Float, _ b: Float) -> Bool { a < b || (b.isNaN && !a.isNaN) }
}

extension Backend {
    package func largest(
        _ x: Tensor, _ weight: Weight, count: Int
    ) throws(ComputeError) -> [[RankedOutput]] { try largestOfAll(x, weight, count: count) }

    /// From all outputs.
    func largestOfAll(_ x: Tensor, _ weight: Weight, count: Int) throws(ComputeError) -> [[RankedOutput]] {
        let outputs = try linear(x, [weight])[0]
        return withExtendedLifetime(outputs) {
            (0..<outputs.rows).map { row in
                var largest = LargestOutputs(limit: count)
                for index in 0..<outputs.columns {
                    largest.show(outputs.pointer[row * outputs.columns + index], at: index)
                }
                return largest.ranked
            }
        }
    }
}
