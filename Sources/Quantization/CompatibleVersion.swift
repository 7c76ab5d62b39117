// The release of NVIDIA Model Optimizer whose rules a checkpoint follows. Knows its history, not its arithmetic.

package import Numerics

/// A release of Model Optimizer (`modelopt`) whose weights and declarations are reproduced.
package struct CompatibleVersion: Sendable, Hashable {
    /// As declared by the checkpoint's producer.
    package let text: String
    package let rule: NVFP4WeightScales.Rule

    /// The release whose rules are current.
    package static let current = CompatibleVersion(text: "0.47.0", rule: .clamped)

    private init(text: String, rule: NVFP4WeightScales.Rule) {
        self.text = text
        self.rule = rule
    }

    /// - Parameter text: `major.minor` or `major.minor.patch`.
    package init(_ text: String) throws(QuantizationError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard (2...3).contains(parts.count), let major = parts[0], let minor = parts[1],
            parts.allSatisfy({ $0 != nil }),
            (0...999).contains(major), (0...999).contains(minor)
        else { throw .version(text) }
        self.text = text
        rule = major > 0 || minor >= 45 ? .clamped : minor >= 35 ? .unclamped : .sequential
    }
}
