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

    /// A parameter with the running means of its gradients and of their squares.
    package struct Moments: Sendable {
        package let value: Tensor
        package let first: Tensor
        package let second: Tensor

        package init(value: Tensor, first: Tensor, second: Tensor) {
            self.value = value
            self.first = first
            self.second = second
        }
    }

    /// The numbers of one update, the same for all elements:
    /// g = gradient * clip; m = m * beta1 + g * rest1; v = v * beta2 + g * g * rest2;
    /// value = value * keep - size * m / (sqrt(v) / root + epsilon), each operation rounded to float32.
    package struct Update: Sendable {
        package let clip: Float
        package let beta1: Float
        package let rest1: Float
        package let beta2: Float
        package let rest2: Float
        package let keep: Float
        package let size: Float
        package let root: Float
        package let epsilon: Float
    }

    package var settings: Settings
    /// Updates made.
    package internal(set) var step = 0
    /// Running means of gradients and of their squares, for each parameter.
    package internal(set) var first: [Tensor]
    package internal(set) var second: [Tensor]

    package init(_ settings: Settings, for parameters: Parameters) {
        self.settings = settings
        first = parameters.entries.map { .zeros($0.shape) }
        second = parameters.entries.map { .zeros($0.shape) }
    }

    /// Makes one update.
    /// - Parameter gradients: one for each parameter; nil for one that stays as it is.
    /// - Returns: the norm of all gradients before clipping.
    /// - Throws: `.notFinite`, before anything changed.
    @discardableResult
    package mutating func update(
        _ parameters: inout Parameters, _ gradients: [Tensor?], rate: Double, on backend: any DifferentiableBackend
    ) throws(TrainingError) -> Double {
        guard gradients.count == parameters.entries.count, first.count == gradients.count else {
            throw .shape(
                what: "gradients", found: [gradients.count], expected: "one for each of \(first.count) parameters")
        }
        for (gradient, entry) in zip(gradients, parameters.entries) {
            guard let gradient, gradient.shape.count != entry.shape.count else { continue }
            throw .shape(what: "gradient of \(entry.name)", found: gradient.shape, expected: "\(entry.shape)")
        }
        let wanted = gradients.indices.filter { gradients[$0] != nil }
        let sums = try TrainingError.computing { () throws(ComputeError) in
            try backend.squareSums(gradients.compactMap(\.self))
        }
        if let index = sums.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(what: "the gradient of \(parameters.entries[wanted[index]].name)")
        }
        let norm = sums.reduce(0, +).squareRoot()
        let clip = settings.clip.map { min(1, $0 / (norm + 1e-6)) } ?? 1
        let next = try TrainingError.computing { () throws(ComputeError) in
            var next: [Moments] = []
            for index in wanted {
                guard let gradient = gradients[index] else { continue }
                let state = Moments(value: parameters.values[index], first: first[index], second: second[index])
                next.append(
                    try backend.adamW(
                        state, gradient: gradient,
                        numbers(clip: clip, rate: rate, step: step + 1, decays: parameters.entries[index].isMatrix)))
            }
            return next
        }
        for (index, state) in zip(wanted, next) {
            parameters.values[index] = state.value
            first[index] = state.first
            second[index] = state.second
        }
        step += 1
        return norm
    }

    private func numbers(clip: Double, rate: Double, step: Int, decays: Bool) -> Update {
        Update(
            clip: Float(clip), beta1: Float(settings.beta1), rest1: Float(1 - settings.beta1),
            beta2: Float(settings.beta2), rest2: Float(1 - settings.beta2),
            keep: Float(1 - (decays ? rate * settings.weightDecay : 0)),
            size: Float(rate / (1 - pow(settings.beta1, Double(step)))),
            root: Float((1 - pow(settings.beta2, Double(step))).squareRoot()), epsilon: Float(settings.epsilon))
    }
}

extension HostBackend {
    package func squareSums(_ tensors: [Tensor]) -> [Double] {
        var sums = [Double](repeating: 0, count: tensors.count)
        sums.withUnsafeMutableBufferPointer { sums in
            // Sendable: each tensor's sum is written by one call.
            nonisolated(unsafe) let sums = sums
            forEach(tensors.count) { index in
                var sum = 0.0
                for value in tensors[index].values { sum += Double(value) * Double(value) }
                sums[index] = sum
            }
        }
        return sums
    }

    package func adamW(
        _ state: AdamW.Moments, gradient: Tensor, _ update: AdamW.Update
    ) -> AdamW.Moments {
        let shape = state.value.shape
        let next = AdamW.Moments(
            value: .uninitialized(shape), first: .uninitialized(shape), second: .uninitialized(shape))
        let (count, piece) = (shape.count, 1 << 14)
        // Sendable: each piece is written by one call.
        nonisolated(unsafe) let (old, slope, m, v) = (
            state.value.pointer, gradient.pointer, state.first.pointer, state.second.pointer
        )
        nonisolated(unsafe) let (new, first, second) = (next.value.pointer, next.first.pointer, next.second.pointer)
        forEach((count + piece - 1) / piece) { index in
            for i in index * piece..<min(count, (index + 1) * piece) {
                let gradient = slope[i] * update.clip
                first[i] = m[i] * update.beta1 + gradient * update.rest1
                second[i] = v[i] * update.beta2 + gradient * gradient * update.rest2
                new[i] =
                    old[i] * update.keep - update.size * first[i]
                    / (second[i].squareRoot() / update.root + update.epsilon)
            }
        }
        withExtendedLifetime((state, gradient)) {}
        return next
    }
}
