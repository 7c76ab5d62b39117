// What can be wrong with a schema, a pattern or a list of choices. Does not know which request brought it.

/// Why a source was not compiled to a grammar. Always the fault of whoever wrote the source.
package enum GrammarError: Error, Equatable, CustomStringConvertible {
    /// The schema is not JSON; `offset` counts bytes from its start.
    case schemaSyntax(offset: Int, found: String, expected: String)
    /// A keyword, or a use of it, that is not supported; `path` is a JSON pointer into the schema.
    case unsupported(keyword: String, path: String, advice: String)
    /// A keyword has a value of the wrong kind.
    case malformed(path: String, found: String, expected: String)
    /// A `$ref` leads nowhere, or only back to itself.
    case reference(path: String, target: String, reason: String)
    /// Nothing satisfies the source.
    case unsatisfiable(path: String, reason: String)
    /// A regular expression that is malformed or uses what is not supported; `offset` counts scalars.
    case regex(pattern: String, offset: Int, reason: String)
    /// A list of choices without a choice, or with an empty one.
    case choice(reason: String)
    /// A bound on size was passed.
    case limit(name: String, found: String, limit: Int)

    package var description: String {
        switch self {
        case .schemaSyntax(let offset, let found, let expected):
            "the schema is not valid JSON at byte \(offset): found \(found), expected \(expected)"
        case .unsupported(let keyword, let path, let advice):
            "the schema's keyword '\(keyword)' at \(path) is not supported; \(advice)"
        case .malformed(let path, let found, let expected):
            "the schema has \(found) at \(path), expected \(expected)"
        case .reference(let path, let target, let reason):
            "the schema's $ref \(Self.quoted(target)) at \(path) \(reason)"
        case .unsatisfiable(let path, let reason):
            "no answer can satisfy the schema: at \(path), \(reason)"
        case .regex(let pattern, let offset, let reason):
            "the regular expression \(Self.quoted(pattern)) has \(reason) at character \(offset)"
        case .choice(let reason):
            "the list of choices \(reason)"
        case .limit(let name, let found, let limit):
            "the grammar's \(name) is \(found); at most \(limit) are allowed"
        }
    }

    /// Text in quotes, cut to a length that fits a message, control characters escaped.
    static func quoted(_ text: String) -> String {
        let limit = 60
        let escaped = text.unicodeScalars.prefix(limit).map { $0.escaped(asASCII: false) }.joined()
        return "\"" + escaped + (text.unicodeScalars.count > limit ? "…" : "") + "\""
    }
}
