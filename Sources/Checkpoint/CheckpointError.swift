// What can be wrong with a checkpoint, said for a person. Knows nothing of exit codes.

/// A fault of a checkpoint folder or of one of its files. Every case says where, what was found and what was expected.
package enum CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A file or folder as a whole.
    case file(String, found: String, expected: String)
    /// One tensor of a file (or of a folder, when the tensor is in none of its files).
    case tensor(String, file: String, found: String, expected: String)
    /// One key of a JSON file, as a dotted path.
    case key(String, file: String, found: String, expected: String)
    /// Writing failed; nothing under the final name was touched.
    case writing(String, reason: String)

    package var description: String {
        switch self {
        case .file(let file, let found, let expected):
            "\(file): found \(found); expected \(expected)"
        case .tensor(let name, let file, let found, let expected):
            "\(file): tensor '\(name)': found \(found); expected \(expected)"
        case .key(let key, let file, let found, let expected):
            "\(file): key '\(key)': found \(found); expected \(expected)"
        case .writing(let file, let reason):
            "\(file): cannot write: \(reason)"
        }
    }
}
