// From the spelling of a regular expression to its tree. Knows no bytes and no automata.

/// Reads the part of ECMAScript's and Python's syntax that means the same in both and a finite automaton can do.
/// What is beyond that is refused by name.
struct RegexParser {
    /// Deepest nesting of groups.
    static let nestingLimit = 64
    /// Largest count in `{m,n}`.
    static let countLimit = 100_000

    private let pattern: String
    private let scalars: [UnicodeScalar]
    private var offset = 0
    private var nesting = 0

    static func parse(_ pattern: String) throws(GrammarError) -> Regex {
        var parser = RegexParser(pattern: pattern)
        let expression = try parser.alternatives()
        guard parser.current == nil else { throw parser.fault("a ')' without its '('") }
        return expression
    }

    private init(pattern: String) {
        self.pattern = pattern
        scalars = Array(pattern.unicodeScalars)
    }

    private var current: UnicodeScalar? { offset < scalars.count ? scalars[offset] : nil }

    private func fault(_ reason: String, at place: Int? = nil) -> GrammarError {
        .regex(pattern: pattern, offset: place ?? offset, reason: reason)
    }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[offset...].starts(with: wanted) else { return false }
        offset += wanted.count
        return true
    }

    // MARK: Structure

    private mutating func alternatives() throws(GrammarError) -> Regex {
        var list = [try sequence()]
        while take("|") { list.append(try sequence()) }
        return list.count == 1 ? list[0] : .alternatives(list)
    }

    private mutating func sequence() throws(GrammarError) -> Regex {
        var parts: [Regex] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            let start = offset
            let part = try quantified(try atom(), from: start)
            try checkAnchor(part, after: parts, at: start)
            parts.append(part)
        }
        return .sequence(parts)
    }

    /// Anchors stand only at the ends of the outermost alternatives, where they say what is to be matched; elsewhere
    /// they would be conditions.
    private func checkAnchor(_ part: Regex, after parts: [Regex], at start: Int) throws(GrammarError) {
        let isInside = part == .textStart && parts.contains { $0 != .textStart }
        let isFollowed = parts.last == .textEnd && part != .textEnd
        if isInside || isFollowed || nesting > 0 && (part == .textStart || part == .textEnd) {
            throw fault("an anchor away from the ends of the outermost alternatives", at: start)
        }
    }

    private mutating func atom() throws(GrammarError) -> Regex {
        guard let scalar = current else { throw fault("nothing") }
        offset += 1
        switch scalar {
        case "(": return try group()
        case "[": return .scalar(try characterClass())
        case "\\": return .scalar(try escape(inClass: false))
        case ".": return .scalar(Self.dot)
        case "^": return .textStart
        case "$": return .textEnd
        case "*", "+", "?":
            offset -= 1
            throw fault("a '\(scalar)' with nothing to repeat")
        case "{" where isQuantifier(at: offset - 1):
            offset -= 1
            throw fault("a '{' with nothing to repeat")
        default: return .scalar(ScalarSet(scalar))
        }
    }

    private mutating func group() throws(GrammarError) -> Regex {
        let start = offset - 1
        nesting += 1
        guard nesting <= Self.nestingLimit else { throw fault("groups nested deeper than \(Self.nestingLimit)") }
        if take("?") {
            if take("=") || take("!") { throw fault("lookahead, which is not supported,", at: start) }
            if take("<=") || take("<!") { throw fault("lookbehind, which is not supported,", at: start) }
            if take("P<") || take("<") {
                while let scalar = current, scalar != ">" {
                    guard scalar.properties.isAlphabetic || scalar == "_" || ("0"..."9").contains(scalar) else {
                        throw fault("a character that no group's name holds")
                    }
                    offset += 1
                }
                guard take(">") else { throw fault("a group's name without its '>'", at: start) }
            } else if !take(":") {
                throw fault("a group of a kind that is not supported", at: start)
            }
        }
        let body = try alternatives()
        guard take(")") else { throw fault("a '(' without its ')'", at: start) }
        nesting -= 1
        return body
    }

    // MARK: Quantifiers

    private mutating func quantified(_ part: Regex, from start: Int) throws(GrammarError) -> Regex {
        let counts: (minimum: Int, maximum: Int?)
        if take("*") {
            counts = (0, nil)
        } else if take("+") {
            counts = (1, nil)
        } else if take("?") {
            counts = (0, 1)
        } else if current == "{", isQuantifier(at: offset) {
            counts = try braces()
        } else if scalars[offset...].starts(with: Array("{,".unicodeScalars)) {
            throw fault("'{,n}', which dialects read differently; write {0,n}")
        } else {
            return part
        }
        if part == .textStart || part == .textEnd { throw fault("an anchor that is repeated", at: start) }
        _ = take("?")  // reluctant: the same texts match
        switch current {
        case "+": throw fault("a possessive quantifier, which is not supported,")
        case "*", "?": throw fault("a quantifier upon a quantifier")
        case "{" where isQuantifier(at: offset): throw fault("a quantifier upon a quantifier")
        default: return .repeated(part, minimum: counts.minimum, maximum: counts.maximum)
        }
    }

    /// Whether `{m}`, `{m,}` or `{m,n}` stands at `place`; any other brace is a character.
    private func isQuantifier(at place: Int) -> Bool {
        var rest = scalars[place...].dropFirst().drop { ("0"..."9").contains($0) }
        guard rest.startIndex > place + 1 else { return false }
        if rest.first == "," { rest = rest.dropFirst().drop { ("0"..."9").contains($0) } }
        return rest.first == "}"
    }

    private mutating func braces() throws(GrammarError) -> (minimum: Int, maximum: Int?) {
        let start = offset
        offset += 1
        let minimum = try count()
        var maximum: Int? = minimum
        if take(",") { maximum = current == "}" ? nil : try count() }
        offset += 1  // the brace that `isQuantifier` saw
        if let maximum, maximum < minimum { throw fault("a quantifier whose bounds are reversed", at: start) }
        return (minimum, maximum)
    }

    private mutating func count() throws(GrammarError) -> Int {
        var value = 0
        while let digit = current.flatMap({ Int(String($0)) }) {
            value = value * 10 + digit
            if value > Self.countLimit { throw fault("a count above \(Self.countLimit)") }
            offset += 1
        }
        return value
    }

    // MARK: Scalars

    static let digits = ScalarSet([0x30...0x39])
    static let wordScalars = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let spaces = ScalarSet([0x09...0x0D, 0x20...0x20])
    /// Everything but the ends of lines.
    static let dot = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]).complement

    private mutating func characterClass() throws(GrammarError) -> ScalarSet {
        let start = offset - 1
        let isNegated = take("^")
        var set = ScalarSet([])
        if current == "]" { throw fault("an empty class, which dialects read differently,", at: start) }
        while !take("]") {
            let low = try classMember(start)
            guard current == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]" else {
                set = set.union(low)
                continue
            }
            offset += 1
            let high = try classMember(start)
            guard let first = low.only, let last = high.only else {
                throw fault("a range between classes", at: start)
            }
            guard first <= last else { throw fault("a range whose ends are reversed", at: start) }
            set = set.union(ScalarSet([first...last]))
        }
        let result = isNegated ? set.complement : set
        if result.isEmpty { throw fault("a class that no character is in", at: start) }
        return result
    }

    private mutating func classMember(_ start: Int) throws(GrammarError) -> ScalarSet {
        guard let scalar = current else { throw fault("a '[' without its ']'", at: start) }
        offset += 1
        return scalar == "\\" ? try escape(inClass: true) : ScalarSet(scalar)
    }

    private mutating func escape(inClass: Bool) throws(GrammarError) -> ScalarSet {
        let start = offset - 1
        guard let scalar = current else { throw fault("a '\\' at its end", at: start) }
        offset += 1
        switch scalar {
        case "d": return Self.digits
        case "D": return Self.digits.complement
        case "w": return Self.wordScalars
        case "W": return Self.wordScalars.complement
        case "s": return Self.spaces
        case "S": return Self.spaces.complement
        case "t": return ScalarSet("\t")
        case "n": return ScalarSet("\n")
        case "r": return ScalarSet("\r")
        case "f": return ScalarSet("\u{0C}")
        case "v": return ScalarSet("\u{0B}")
        case "b" where inClass: return ScalarSet("\u{08}")
        case "0" where !(current.map { ("0"..."9").contains($0) } ?? false): return ScalarSet("\0")
        case "x": return try code(digits: 2, start)
        case "u": return try code(digits: 4, start)
        case "b", "B": throw fault("a word border '\\\(scalar)', which is not supported,", at: start)
        case "A", "Z", "z":
            throw fault("the anchor '\\\(scalar)', which is not supported; use ^ and $,", at: start)
        case "p", "P": throw fault("a Unicode property '\\\(scalar)', which is not supported,", at: start)
        case "k", "1"..."9": throw fault("a backreference, which is not supported,", at: start)
        case "0"..."9", "a"..."z", "A"..."Z":
            throw fault("an escape '\\\(scalar)', which is not supported,", at: start)
        default: return ScalarSet(scalar)
        }
    }

    private mutating func code(digits: Int, _ start: Int) throws(GrammarError) -> ScalarSet {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = current.flatMap({ UInt32(String($0), radix: 16) }) else {
                throw fault("an escape without its \(digits) hexadecimal digits", at: start)
            }
            value = value << 4 | digit
            offset += 1
        }
        guard let scalar = UnicodeScalar(value) else { throw fault("a surrogate", at: start) }
        return ScalarSet(scalar)
    }
}

extension ScalarSet {
    /// The scalar of a set that holds one; nil for any other.
    fileprivate var only: UInt32? {
        guard ranges.count == 1, let range = ranges.first, range.count == 1 else { return nil }
        return range.lowerBound
    }
}
