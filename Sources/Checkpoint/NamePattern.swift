// Wildcards over module names, as quantisation configurations write them. Knows nothing of tensors.

/// A compiled wildcard. Matching takes at most pattern length x name length steps.
struct NamePattern: Sendable {
    private enum Element: Sendable {
        case exactly(Character)
        case any
        case oneOf(Set<Character>, negated: Bool)
        /// Any number of characters.
        case run
    }

    private let elements: [Element]

    /// A Python `fnmatch` pattern: `*`, `?`, `[seq]`, `[!seq]`.
    init(wildcard pattern: String) {
        var elements: [Element] = []
        var rest = Array(pattern)[...]
        while let character = rest.popFirst() {
            switch character {
            case "*": elements.append(.run)
            case "?": elements.append(.any)
            case "[":
                // A `]` directly after the bracket (or the `!`) belongs to the set.
                let negated = rest.first == "!"
                let members = negated ? rest.dropFirst() : rest
                guard let end = members.dropFirst().firstIndex(of: "]") else {
                    elements.append(.exactly("["))
                    continue
                }
                elements.append(.oneOf(Self.set(members[..<end]), negated: negated))
                rest = rest[(end + 1)...]
            default: elements.append(.exactly(character))
            }
        }
        self.elements = elements
    }

    /// A regular expression made of plain characters, `.`, `.*`, escapes of punctuation, `^` at the start and `$` at
    /// the end, matched from the start of the name as compressed-tensors does; nil for anything richer.
    init?(simpleExpression pattern: String) {
        var elements: [Element] = []
        var rest = Array(pattern)[...]
        var isAnchored = false
        if rest.first == "^" { rest = rest.dropFirst() }
        while let character = rest.popFirst() {
            switch character {
            case "." where rest.first == "*":
                rest = rest.dropFirst()
                elements.append(.run)
            case ".": elements.append(.any)
            case "\\":
                guard let escaped = rest.popFirst(), escaped.isASCII, !escaped.isLetter, !escaped.isNumber else {
                    return nil
                }
                elements.append(.exactly(escaped))
            case "$" where rest.isEmpty: isAnchored = true
            case "$", "^", "*", "+", "?", "[", "]", "(", ")", "{", "}", "|": return nil
            default: elements.append(.exactly(character))
            }
        }
        if !isAnchored { elements.append(.run) }
        self.elements = elements
    }

    private static func set(_ members: ArraySlice<Character>) -> Set<Character> {
        var result: Set<Character> = []
        var rest = members
        while let first = rest.popFirst() {
            if rest.first == "-", let last = rest.dropFirst().first, let low = first.asciiValue,
                let high = last.asciiValue
            {
                rest = rest.dropFirst(2)
                if low <= high { result.formUnion((low...high).map { Character(UnicodeScalar($0)) }) }
            } else {
                result.insert(first)
            }
        }
        return result
    }

    /// Whether the whole of `name` matches.
    func matches(_ name: String) -> Bool {
        let name = Array(name)
        var element = 0
        var position = 0
        // Where to resume when the run last seen has to swallow one more character.
        var retry: (element: Int, position: Int)?
        while position < name.count {
            if element < elements.count, case .run = elements[element] {
                retry = (element + 1, position)
                element += 1
            } else if element < elements.count, accepts(elements[element], name[position]) {
                element += 1
                position += 1
            } else if let resume = retry {
                retry = (resume.element, resume.position + 1)
                element = resume.element
                position = resume.position + 1
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { if case .run = $0 { true } else { false } }
    }

    private func accepts(_ element: Element, _ character: Character) -> Bool {
        switch element {
        case .exactly(let expected): character == expected
        case .any: true
        case .oneOf(let set, let negated): set.contains(character) != negated
        case .run: false
        }
    }
}
