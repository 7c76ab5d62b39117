// What can go wrong while measuring a model, said for a person.

package enum EvaluationError: Error, Equatable, CustomStringConvertible {
    case option(name: String, found: String, expected: String)
    case unreadable(path: String, reason: String)
    case unwritable(path: String, reason: String)
    /// A line of a result file, counted from 1.
    case line(path: String, number: Int, found: String, expected: String)
    /// A result file that was begun under other settings.
    case otherSettings(path: String, field: String, found: String, expected: String)
    /// Two result files that do not measure the same thing.
    case notComparable(field: String, first: String, second: String)
    /// A server that is to answer or to judge does not.
    case endpoint(url: String, model: String, reason: String)
    /// The folder that answers are measured against is not in full precision.
    case reference(folder: String, found: String)
    /// Two folders that are not the same model.
    case otherModel(what: String, reference: String, model: String)

    package var description: String {
        switch self {
        case .option(let name, let found, let expected):
            "\(name) is \(found); expected \(expected)"
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason):
            "cannot write \(path): \(reason)"
        case .line(let path, let number, let found, let expected):
            "\(path), line \(number): found \(found); expected \(expected)"
        case .otherSettings(let path, let field, let found, let expected):
            "\(path) was begun with \(field) \(found), now it is \(expected); name another file, or the same settings"
        case .notComparable(let field, let first, let second):
            "these files cannot be compared: \(field) is \(first) in the first and \(second) in the other"
        case .endpoint(let url, let model, let reason):
            "\(model) at \(url) does not answer: \(reason)"
        case .reference(let folder, let found):
            "the reference \(folder) holds \(found) in its decoder; expected BF16 weights"
        case .otherModel(let what, let reference, let model):
            "the folders are not two forms of one model: \(what) is \(reference) in the reference and \(model) in the model"
        }
    }

    /// Whether a model folder is to blame, and not the command line or a result file.
    package var isFaultOfModel: Bool {
        switch self {
        case .reference, .otherModel: true
        default: false
        }
    }
}
