// Names for intermediates, so that any of them can be compared with a reference. Costs nothing when nobody looks.

package import Compute

/// Receives every named intermediate of a run, with the checkpoint path of the module that made it.
package struct Trace: Sendable {
    package let receive: @Sendable (_ name: String, _ value: Tensor) -> Void

    package init(_ receive: @escaping @Sendable (String, Tensor) -> Void) { self.receive = receive }
}

extension Tensor {
    /// Reports the tensor under `name` to `trace`, if there is one, and returns it.
    func named(_ name: @autoclosure () -> String, _ trace: Trace?) -> Tensor {
        trace?.receive(name(), self)
        return self
    }
}

extension LinearInput {
    /// Reports the rows under `name` to `trace`, if there is one, and returns the input.
    func named(
        _ name: @autoclosure () -> String, _ trace: Trace?, on backend: any Backend
    ) throws(ComputeError) -> LinearInput {
        trace?.receive(name(), try rows(on: backend))
        return self
    }
}
