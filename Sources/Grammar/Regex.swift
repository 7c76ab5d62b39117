// A regular expression as a tree. Knows neither its spelling nor bytes.

/// A regular expression over Unicode scalars.
indirect enum Regex: Sendable, Hashable {
    /// One scalar of a set.
    case scalar(ScalarSet)
    case sequence([Regex])
    case alternatives([Regex])
    /// At least `minimum` and at most `maximum` times; nil means without end.
    case repeated(Regex, minimum: Int, maximum: Int?)
    /// The beginning of the text, in an expression that is looked for in it.
    case textStart
    /// The end of the text.
    case textEnd

    static let anything = Regex.repeated(.scalar(.all), minimum: 0, maximum: nil)

    static func text(_ text: String) -> Regex { .sequence(text.unicodeScalars.map { .scalar(ScalarSet($0)) }) }
}
