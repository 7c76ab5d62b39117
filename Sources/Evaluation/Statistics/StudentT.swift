// Student's t distribution: tails and quantiles through the incomplete beta function. Knows no data.
// No verb prints it: the golden cases of other people's statistics check the bootstrap and its clusters against it.

import Foundation

package enum StudentT {
    /// P(|T| >= |t|).
    package static func twoSidedP(_ t: Double, degrees: Double) -> Double {
        incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
    }

    /// The t that a share of the distribution lies below, for shares from one half up.
    package static func quantile(_ share: Double, degrees: Double) -> Double {
        precondition((0.5..<1).contains(share), "a share from one half to below one")
        let tail = 2 * (1 - share)
        var (low, high) = (0.0, 1.0)
        while twoSidedP(high, degrees: degrees) > tail { high *= 2 }
        // Halving ends when no double lies between the bounds.
        while true {
            let middle = low + (high - low) / 2
            if middle <= low || middle >= high { return middle }
            if twoSidedP(middle, degrees: degrees) > tail { low = middle } else { high = middle }
        }
    }

    /// The regularised incomplete beta function, by its continued fraction (modified Lentz).
    static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        if x <= 0 { return 0 }
        if x >= 1 { return 1 }
        // The fraction converges fast below the mean; above it the symmetric one is used.
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
        let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
        func bounded(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
        var c = 1.0
        var d = 1 / bounded(1 - (a + b) * x / (a + 1))
        var fraction = d
        for step in 1...500 {
            let m = Double(step)
            for term in [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ] {
                d = 1 / bounded(1 + term * d)
                c = bounded(1 + term / c)
                fraction *= c * d
            }
            if abs(c * d - 1) < 1e-16 { break }
        }
        return front * fraction
    }
}
