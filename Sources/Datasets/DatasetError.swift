// What can be wrong with training data, said for a person.

/// A fault of a data folder, of one of its lines, or of the processes that draw documents.
package enum DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A folder or its list as a whole.
    case folder(String, found: String, expected: String)
    /// One line of a list.
    case line(file: String, line: Int, found: String, expected: String)
    /// An example that the model cannot be shown.
    case example(String, reason: String)
    /// A process that draws documents ended.
    case worker(Int, reason: String)
    /// A frame between processes is not what was written.
    case frame(reason: String)

    package var description: String {
        switch self {
        case .folder(let path, let found, let expected): "\(path): found \(found); expected \(expected)"
        case .line(let file, let line, let found, let expected):
            "\(file), line \(line): found \(found); expected \(expected)"
        case .example(let name, let reason): "\(name): \(reason)"
        case .worker(let index, let reason): "the process that draws documents, number \(index), ended: \(reason)"
        case .frame(let reason): "a document from another process cannot be read: \(reason)"
        }
    }
}
