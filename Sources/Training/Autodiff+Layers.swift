// Layers that run again on the way back instead of being remembered. Knows nothing of what they compute.

package import Compute

extension Autodiff {
    /// A layer on a tape of its own. When layers are recomputed, that tape is thrown away as soon as it has shown whether
    /// the layer depends on a parameter, and made again for the gradients.
    package func layer(_ x: Tensor, _ body: @escaping LayerBody) throws(ComputeError) -> Tensor {
        guard recomputesLayers else { return try body(x, self) }
        let wanted = isWanted(x) ? parameters.union([x.node]) : parameters
        let (backend, forward) = (backend, forward)  // and not self, which owns the closure
        let first = Autodiff(backend, parameters: wanted, forward: forward)
        let y = try body(x, first)
        guard first.hasRecorded else { return y }
        append(y) { dy throws(ComputeError) in
            let again = Autodiff(backend, parameters: wanted, forward: forward)
            return try again.gradients(of: try body(x, again), seed: dy).shares
        }
        return y
    }
}
