// What a client may ask an answer to look like, and how large that may be. Knows no tokens.

/// The form an answer must have.
package enum GrammarSource: Sendable, Hashable {
    /// Bytes of a JSON Schema. They are taken as text because the order of `properties` is the order of the answer.
    case jsonSchema([UInt8])
    /// Any JSON object.
    case jsonObject
    /// A regular expression the whole answer matches.
    case regex(String)
    /// One of these strings.
    case choice([String])
}

/// Bounds on what is compiled. Reaching one is an error that names it; none depends on time, so the same source always
/// compiles or never does.
package struct GrammarLimits: Sendable, Hashable {
    /// Bytes of the schema, of the regular expression, or of all choices together.
    package var sourceBytes = 65_536
    /// Deepest nesting of arrays and objects in the answer; 1...63.
    package var nesting = 32
    /// States of the automaton; its nodes before determinisation may be four times as many.
    package var states = 100_000
    /// Elementary steps of the determinisation, which bounds the time it takes.
    package var steps = 10_000_000

    package init() {}
}
