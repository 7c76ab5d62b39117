// A backend that runs another one and remembers how, so that gradients can be asked for. Knows nothing of models.

package import Compute
import Numerics
import Synchronization

/// Reverse-mode differentiation of whatever is computed through it.
///
/// The forward pass gives the wrapped backend's bits. Only operations that depend on a parameter are recorded, so what
/// stands before the first of them costs neither memory nor time. One pass at a time: `gradients(of:seed:)` consumes
/// the tape.
///
/// With `recomputesLayers`, a layer leaves its input alone on the tape: it runs again when the way back reaches it
/// (activation checkpointing). The bits are the same.
package final class Autodiff: Backend {
    package let backend: any DifferentiableBackend
    /// What the parameters look like in the forward pass.
    package let forward: ForwardWeights
    package let recomputesLayers: Bool
    let parameters: Set<ObjectIdentifier>
    private let tape = Mutex(Tape())

    /// - Parameters:
    ///   - parameters: what gradients are wanted for: identities of `Weight` objects, and nodes of vectors and tables.
    package init(
        _ backend: any DifferentiableBackend, parameters: Set<ObjectIdentifier>, forward: ForwardWeights = .init(),
        recomputesLayers: Bool = false
    ) {
        self.backend = backend
        self.parameters = parameters
        self.forward = forward
        self.recomputesLayers = recomputesLayers
    }

    package var precision: Precision { backend.precision }

    /// Goes back over everything recorded, from `output` to the parameters.
    /// - Parameters:
    ///   - output: a result of this backend.
    ///   - seed: gradient of the scalar with respect to `output`, of as many elements.
    /// - Returns: the gradient of the scalar with respect to each parameter it depends on.
    package func gradients(of output: Tensor, seed: Tensor) throws(ComputeError) -> Gradients {
        guard seed.shape.count == output.shape.count else {
            throw .shape(
                operation: "gradients", weight: nil, found: seed.shape, expected: "\(output.shape) as the output")
        }
        var tape = self.tape.withLock { tape in
            let recorded = tape
            tape = Tape()
            return recorded
        }
        var gradients = Gradients()
        try gradients.add(seed, to: output.node, on: backend)
        while let record = tape.popLast() {
            guard let dy = gradients.remove(record.result.node) else { continue }
            for share in try record.pullback(dy.reshaped(record.result.shape)) {
                try gradients.add(share.gradient, to: share.node, on: backend)
            }
        }
        return gradients
    }

    /// Forgets what was recorded: after a forward pass whose gradients nobody wants.
    package func reset() { tape.withLock { $0 = Tape() } }

    /// Whether anything computed so far depends on a parameter.
    var hasRecorded: Bool { tape.withLock { !$0.isEmpty } }

    func isWanted(_ tensor: Tensor) -> Bool {
        parameters.contains(tensor.node) || tape.withLock { $0.tracks(tensor) }
    }

    /// Remembers how to get the gradients of `arguments`, in this order, unless nobody wants any of them.
    func record(
        _ result: Tensor, of arguments: [Tensor],
        _ gradients: @escaping @Sendable (_ dy: Tensor) throws(ComputeError) -> [Tensor]
    ) -> Tensor {
        let wanted = arguments.map { isWanted($0) }
        guard wanted.contains(true) else { return result }
        append(result) { dy throws(ComputeError) in
            let gradients = try gradients(dy)
            return arguments.indices.filter { wanted[$0] }.map {
                Tape.Share(node: arguments[$0].node, gradient: gradients[$0])
            }
        }
        return result
    }

    func append(_ result: Tensor, _ pullback: @escaping Tape.Pullback) {
        tape.withLock { $0.append(result, pullback) }
    }
}

// MARK: Products

extension Autodiff {
    package func embed(_ ids: [Int32], table: Weight) throws(ComputeError) -> Tensor {
        let y = try backend.embed(ids, table: table)
        guard parameters.contains(ObjectIdentifier(table)) else { return y }
        append(y) { [backend] dy throws(ComputeError) in
            let gradient = try backend.scatteredRows(dy, to: ids.map { Int($0) }, count: table.outputs)
            return [Tape.Share(node: ObjectIdentifier(table), gradient: gradient)]
        }
        return y
    }

    /// The gradient passes through rounded weights and inputs as if they were not rounded; what it is multiplied with
    /// are the rounded values.
    package func linear(_ x: Tensor, _ weights: [Weight]) throws(ComputeError) -> [Tensor] {
        let forms = weights.map { forward.weight(of: $0) }
        var inputs: [Tensor] = []
        for weight in weights { inputs.append(try forward.input(x, of: weight, on: backend)) }
        var results: [Tensor] = []
        if inputs.allSatisfy({ $0.node == x.node }) {
            results = try backend.linear(x, forms)
        } else {
            for (input, form) in zip(inputs, forms) { results += try backend.linear(input, [form]) }
        }
        let wantsInput = isWanted(x)
        for (index, weight) in weights.enumerated() {
            let (input, form) = (inputs[index], forms[index])
            let wantsWeight = parameters.contains(ObjectIdentifier(weight))
            let bias = weight.bias.flatMap { parameters.contains($0.node) ? $0 : nil }
            guard wantsInput || wantsWeight || bias != nil else { continue }
            append(results[index]) { [backend] dy throws(ComputeError) in
                var shares: [Tape.Share] = []
                if wantsInput {
                    shares.append(Tape.Share(node: x.node, gradient: try backend.linearInputGradient(dy, form)))
                }
                if wantsWeight {
                    let gradient = try backend.linearWeightGradient(dy, x: input)
                    shares.append(Tape.Share(node: ObjectIdentifier(weight), gradient: gradient))
                }
                if let bias { shares.append(Tape.Share(node: bias.node, gradient: try backend.columnSums(dy))) }
                return shares
            }
        }
        return results
    }
}
