// What can go wrong in an operation.

package import Numerics

package enum ComputeError: Error, Equatable, CustomStringConvertible {
    case outOfMemory(what: String, bytes: Int)
    case shape(operation: String, weight: String?, found: Shape, expected: String)
    case unsupported(operation: String, reason: String)
    /// A device other than the processor refused a call; its own words.
    case device(String)
    /// `MONOCLE_ISA` names something this machine does not have, or nothing at all.
    case instructionSet(requested: String, available: [String])

    package var description: String {
        switch self {
        case .outOfMemory(let what, let bytes):
            "not enough memory for the \(what): \(bytes) bytes; lower the context length or close other programs"
        case .shape(let operation, let weight, let found, let expected):
            "\(operation)\(weight.map { " with \($0)" } ?? ""): input shape \(found), expected \(expected)"
        case .unsupported(let operation, let reason):
            "\(operation) is not supported: \(reason)"
        case .device(let reason): reason
        case .instructionSet(let requested, let available):
            "MONOCLE_ISA=\(requested): not available here; this machine has \(available.joined(separator: ", "))"
        }
    }
}
