// What can be wrong with the data of a benchmark, said for a person.

package enum BenchmarkDataError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    /// The file as a whole is not what the benchmark needs.
    case layout(path: String, found: String, expected: String)
    case option(name: String, found: String, expected: String)
    /// A program that does something for Monocle is absent or failed.
    case program(name: String, reason: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .layout(let path, let found, let expected): "\(path): found \(found); expected \(expected)"
        case .option(let name, let found, let expected): "\(name) is \(found); expected \(expected)"
        case .program(let name, let reason): "\(name): \(reason)"
        }
    }
}

/// One item that cannot be asked: a malformed row, a missing image, bytes that are no base64.
package struct ItemFault: Error, Equatable {
    package let facts: ItemFacts
    /// Names the row.
    package let reason: String

    package init(_ facts: ItemFacts, _ reason: String) {
        self.facts = facts
        self.reason = reason
    }
}
