// Paired right and wrong answers of two models, and the exact McNemar test. Knows counts only.

import Foundation

/// How often two models were right about the same items.
package struct PairedCounts: Codable, Sendable, Equatable {
    package private(set) var both = 0
    package private(set) var onlyFirst = 0
    package private(set) var onlySecond = 0
    package private(set) var neither = 0

    package init() {}

    package init(first: [Bool], second: [Bool]) {
        for (first, second) in zip(first, second) { add(first, second) }
    }

    package mutating func add(_ first: Bool, _ second: Bool) {
        switch (first, second) {
        case (true, true): both += 1
        case (true, false): onlyFirst += 1
        case (false, true): onlySecond += 1
        case (false, false): neither += 1
        }
    }

    package var count: Int { both + onlyFirst + onlySecond + neither }
    /// Share of the second minus share of the first; 0 without items.
    package var difference: Double { count == 0 ? 0 : Double(onlySecond - onlyFirst) / Double(count) }

    /// Exact two-sided p of McNemar's test: of the items on which the models differ, each falls to either side with
    /// probability 1/2. 1 when they never differ.
    package var twoSidedP: Double { min(1, 2 * Self.tail(max(onlyFirst, onlySecond), of: onlyFirst + onlySecond)) }

    /// Exact one-sided p against the second model being no worse. No verb prints it: the golden cases check the tail by it.
    package var degradationP: Double { Self.tail(onlyFirst, of: onlyFirst + onlySecond) }

    /// P(X >= least) for X binomial with n trials of 1/2. Terms are added from the smallest.
    private static func tail(_ least: Int, of n: Int) -> Double {
        guard least > 0 else { return 1 }
        let scale = Double(n) * log(2.0)
        func term(_ k: Int) -> Double {
            exp(lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1)) - scale)
        }
        return min(1, (least...n).reversed().reduce(0) { $0 + term($1) })
    }
}
