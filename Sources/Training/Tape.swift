// What happened in a forward pass, in order. Knows nothing of what the operations compute.

import Compute

/// The operations whose results depend on a parameter.
struct Tape: Sendable {
    /// Gradients with respect to an operation's arguments from the gradient with respect to its result.
    typealias Pullback = @Sendable (_ dy: Tensor) throws(ComputeError) -> [Share]

    struct Share: Sendable {
        let node: ObjectIdentifier
        let gradient: Tensor
    }

    struct Record: Sendable {
        /// Kept, so that no other tensor takes its identity while the tape lives.
        let result: Tensor
        let pullback: Pullback
    }

    private var records: [Record] = []
    private var tracked: Set<ObjectIdentifier> = []

    var isEmpty: Bool { records.isEmpty }

    func tracks(_ tensor: Tensor) -> Bool { tracked.contains(tensor.node) }

    mutating func append(_ result: Tensor, _ pullback: @escaping Pullback) {
        records.append(Record(result: result, pullback: pullback))
        tracked.insert(result.node)
    }

    /// Takes the last record off; its memory goes when the caller is done with it.
    mutating func popLast() -> Record? { records.popLast() }
}
