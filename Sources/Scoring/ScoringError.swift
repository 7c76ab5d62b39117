// What can be wrong with a gold, said for a person. A reply is never wrong in this sense: it only scores nothing.

package enum ScoringError: Error, Equatable, CustomStringConvertible {
    /// A protocol that has no scorer for a benchmark.
    case noScorer(benchmark: String, profile: String, has: [String])
    case item(id: String, field: String, found: String, expected: String)
    case unreadable(path: String, reason: String)

    package var description: String {
        switch self {
        case .noScorer(let benchmark, let profile, let has):
            "\(benchmark) has no scorer under the profile \(profile); it has one under \(has.joined(separator: ", "))"
        case .item(let id, let field, let found, let expected):
            "item \(id): \(field) is \(found); expected \(expected)"
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        }
    }
}
