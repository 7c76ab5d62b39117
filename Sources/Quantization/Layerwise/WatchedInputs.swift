// What the layers of one decoder layer read, group by group of layers that read the same. Knows sums and rows of inputs, not
// what they decide.

import Compute
import Synchronization

/// Collects inputs while a layer runs.
final class WatchedInputs: @unchecked Sendable {
    // Sendable: the one thread that runs the model adds to it.

    /// What is kept of the inputs of a group.
    enum Kind {
        /// Products of every two inputs.
        case products(Products)
        /// Every `stride`-th row, and the mean magnitude of each input over all rows.
        case rows(stride: Int)
    }

    let ranges = InputRanges()
    /// By group.
    private(set) var products: [Int: InputProducts] = [:]
    /// Squared output, by layer's path.
    private(set) var energies: [String: Double] = [:]
    private var rows: [Int: Rows] = [:]
    private let kind: Kind
    private let groups: [String: Int]

    private struct Rows {
        var seen = 0
        var magnitudes: [Double]
        var kept: [Float] = []
    }

    /// - Parameter groups: the group of a layer, by its path.
    init(_ kind: Kind, groups: [String: Int]) {
        self.kind = kind
        self.groups = groups
    }

    func note(_ x: Tensor, _ weights: [Weight], _ results: [Tensor]) throws(ComputeError) {
        guard let first = weights.first, let group = groups[first.name] else { return }
        ranges.note(x, of: weights)
        switch kind {
        case .products(let multiplier):
            let sum = products[group] ?? InputProducts(inputs: x.columns, multiplier)
            products[group] = sum
            try sum.add(x)
            for (weight, result) in zip(weights, results) {
                energies[weight.name, default: 0] += withExtendedLifetime(result.storage) {
                    result.values.reduce(0.0) { $0 + Double($1 * $1) }
                }
            }
        case .rows(let stride):
            var known = rows.removeValue(forKey: group) ?? Rows(magnitudes: Array(repeating: 0, count: x.columns))
            withExtendedLifetime(x.storage) {
                for row in 0..<x.rows {
                    let values = x.values[row * x.columns..<(row + 1) * x.columns]
                    if known.seen % stride == 0 { known.kept += values }
                    known.seen += 1
                    for (column, value) in values.enumerated() { known.magnitudes[column] += Double(value.magnitude) }
                }
            }
            rows[group] = known
        }
    }

    func takeProducts(of group: Int) -> InputProducts? { products.removeValue(forKey: group) }

    /// The rows kept of a group, and mean |x| of each input.
    func takeRows(of group: Int) -> (rows: Tensor, means: [Float])? {
        guard let known = rows.removeValue(forKey: group) else { return nil }
        let columns = known.magnitudes.count
        return (
            Tensor(known.kept, shape: [known.kept.count / max(columns, 1), columns]),
            known.magnitudes.map { Float($0 / Double(max(known.seen, 1))) }
        )
    }
}
