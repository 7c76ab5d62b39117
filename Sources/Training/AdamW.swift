// Adam with decoupled weight decay. Knows nothing of models or files.

package import Compute
import Foundation
import Numerics

/// AdamW (Loshchilov and Hutter 2019) in float32, with clipping by the global norm, in the order of operations of
/// PyTorch's `AdamW`. A value: equal states and gradients give equal bits.
package struct AdamW: Sendable {
    package struct Settings: Sendable, Hashable, Codable {
        package var beta1 = 0.9
        package var beta2 = 0.999
        package var epsilon = 1e-8
        /// Of weight matrices; biases, norms and tables are not decayed.
        package var weightDecay = 0.0
        /// Largest norm of all gradients together; nil for no clipping.
        package var clip: Double? = 1

        package init() {}
    }

    package var settings: Settings
    /// Updates made.
    package internal(set) var step = 0
    /// Running means of gradients and of their squares, for each parameter.
    package internal(set) var first: [[Float]]
    package internal(set) var second: [[Float]]

    package init(_ settings: Settings, for parameters: Parameters) {
        self.settings = settings
        first = parameters.entries.map { Array(repeating: 0, count: $0.shape.count) }
        second = first
    }

    /// Makes one update.
    /// - Parameter gradients: one for each parameter; nil for one that stays as it is.
    /// - Returns: the norm of all gradients before clipping.
    /// - Throws: `.notFinite`, before anything changed.
    @discardableResult
    package mutating func update(
        _ parameters: inout Parameters, _ gradients: [Tensor?], rate: Double
    ) throws(TrainingError) -> Double {
        guard gradients.count == parameters.entries.count, first.count == gradients.count else {
            throw .shape(
                what: "gradients", found: [gradients.count], expected: "one for each of \(first.count) parameters")
        }
        var square = 0.0
        for (gradient, entry) in zip(gradients, parameters.entries) {
            guard let gradient else { continue }
            guard gradient.shape.count == entry.shape.count else {
                throw .shape(what: "gradient of \(entry.name)", found: gradient.shape, expected: "\(entry.shape)")
            }
            var sum = 0.0
            for value in gradient.values { sum += Double(value) * Double(value) }
            guard sum.isFinite else { throw .notFinite(what: "the gradient of \(entry.name)") }
            square += sum
        }
        let norm = square.squareRoot()
        let clip = settings.clip.map { min(1, $0 / (norm + 1e-6)) } ?? 1
        step += 1
        for (index, gradient) in gradients.enumerated() {
            guard let gradient else { continue }
            parameters.values[index] = updated(
                parameters.values[index], gradient, clip: Float(clip), rate: rate, index: index,
                decays: parameters.entries[index].isMatrix)
        }
        return norm
    }

    private mutating func updated(
        _ parameter: Tensor, _ gradient: Tensor, clip: Float, rate: Double, index: Int, decays: Bool
    ) -> Tensor {
        let result = Tensor.uninitialized(parameter.shape)
        let (beta1, beta2) = (Float(settings.beta1), Float(settings.beta2))
        let (rest1, rest2) = (Float(1 - settings.beta1), Float(1 - settings.beta2))
        let keep = Float(1 - (decays ? rate * settings.weightDecay : 0))
        let size = Float(rate / (1 - pow(settings.beta1, Double(step))))
        let root = Float((1 - pow(settings.beta2, Double(step))).squareRoot())
        let epsilon = Float(settings.epsilon)
        let count = parameter.shape.count
        let (old, slope, new) = (parameter.pointer, gradient.pointer, result.pointer)
        first[index].withUnsafeMutableBufferPointer { first in
            second[index].withUnsafeMutableBufferPointer { second in
                for i in 0..<count {
                    let gradient = slope[i] * clip
                    first[i] = first[i] * beta1 + gradient * rest1
                    second[i] = second[i] * beta2 + gradient * gradient * rest2
                    new[i] = old[i] * keep - size * first[i] / (second[i].squareRoot() / root + epsilon)
                }
            }
        }
        withExtendedLifetime((parameter, gradient)) {}
        return result
    }
}
