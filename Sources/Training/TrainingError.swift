// What can go wrong in training, said for a person.

package import Checkpoint
package import Compute
package import Numerics

package enum TrainingError: Error, Equatable, CustomStringConvertible {
    case compute(ComputeError)
    case checkpoint(CheckpointError)
    /// An argument of a loss or an update does not fit the others.
    case shape(what: String, found: Shape, expected: String)
    /// A target that the vocabulary does not have.
    case target(Int32, row: Int, vocabulary: Int)
    /// A scale that nothing can be divided by.
    case scale(layer: String, found: Float)
    /// A parameter's gradient, or a loss, holds NaN or an infinity.
    case notFinite(what: String)
    /// A saved run does not continue this one.
    case state(file: String, found: String, expected: String)

    /// Runs work of a backend; its errors become this room's.
    static func computing<Result>(
        _ work: () throws(ComputeError) -> Result
    ) throws(TrainingError) -> Result {
        do throws(ComputeError) {
            return try work()
        } catch {
            throw .compute(error)
        }
    }

    package var description: String {
        switch self {
        case .compute(let error): error.description
        case .checkpoint(let error): error.description
        case .shape(let what, let found, let expected): "\(what): found \(found), expected \(expected)"
        case .target(let id, let row, let vocabulary):
            "the target of row \(row) is token \(id), expected 0 to \(vocabulary - 1)"
        case .scale(let layer, let found): "the scale of \(layer) is \(found), expected a finite value above 0"
        case .notFinite(let what):
            "\(what) is not finite; lower the learning rate or look at the batch"
        case .state(let file, let found, let expected): "\(file): found \(found); expected \(expected)"
        }
    }
}
