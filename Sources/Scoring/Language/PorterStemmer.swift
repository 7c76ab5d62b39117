// Porter's stemmer with NLTK's extensions, which METEOR uses. Knows English suffixes, nothing else.

package enum PorterStemmer {
    private typealias Word = [Unicode.Scalar]
    private typealias Condition = @Sendable (Word) -> Bool
    private typealias Rule = (suffix: String, replacement: String, condition: Condition?)

    private static let irregular: [CodePoints: CodePoints] = [
        "sky": "sky", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news",
        "innings": "inning", "inning": "inning", "outings": "outing", "outing": "outing", "cannings": "canning",
        "canning": "canning", "howe": "howe", "proceed": "proceed", "exceed": "exceed", "succeed": "succeed",
    ]

    package static func stem(_ word: CodePoints) -> CodePoints {
        let lowered = word.lowered
        if let known = irregular[lowered] { return known }
        if word.count <= 2 { return lowered }
        var stem = plural(lowered.scalars)
        stem = participle(stem)
        stem = apply([("y", "i", { $0.count > 1 && isConsonant($0).last == true })], to: stem)
        stem = derivation(stem)
        stem = apply(third, to: stem)
        stem = apply(fourth, to: stem)
        stem = finalE(stem)
        return CodePoints(apply([("ll", "l", { measure($0 + ["l"]) > 1 })], to: stem))
    }

    // MARK: Shape of a word

    /// For each letter whether it is a consonant: `y` is one at the start and after a vowel.
    private static func isConsonant(_ word: Word) -> [Bool] {
        var flags: [Bool] = []
        flags.reserveCapacity(word.count)
        for scalar in word {
            switch scalar {
            case "a", "e", "i", "o", "u": flags.append(false)
            case "y": flags.append(flags.last.map { !$0 } ?? true)
            default: flags.append(true)
            }
        }
        return flags
    }

    /// How often a vowel is followed by a consonant.
    private static func measure(_ word: Word) -> Int {
        let flags = isConsonant(word)
        return zip(flags, flags.dropFirst()).count { !$0 && $1 }
    }

    private static let isMeasured: Condition = { measure($0) > 0 }
    private static let isLong: Condition = { measure($0) > 1 }

    private static func endsInDoubleConsonant(_ word: Word) -> Bool {
        word.count >= 2 && word[word.count - 1] == word[word.count - 2] && isConsonant(word).last == true
    }

    /// Consonant, vowel, consonant other than w, x, y; or a word of a vowel and a consonant.
    private static func endsShort(_ word: Word) -> Bool {
        let flags = isConsonant(word)
        if word.count == 2 { return !flags[0] && flags[1] }
        guard word.count >= 3, let last = word.last else { return false }
        return flags[word.count - 3] && !flags[word.count - 2] && flags[word.count - 1]
            && !["w", "x", "y"].contains(last)
    }

    // MARK: Rules

    /// Applies the first rule whose suffix fits; when its condition fails the word stays.
    private static func apply(_ rules: [Rule], to word: Word) -> Word {
        for (suffix, replacement, condition) in rules {
            guard let stem = without(suffix, word) else { continue }
            return condition?(stem) ?? true ? stem + replacement.unicodeScalars : word
        }
        return word
    }

    private static func without(_ suffix: String, _ word: Word) -> Word? {
        let suffix = Array(suffix.unicodeScalars)
        return word.count >= suffix.count && word.suffix(suffix.count).elementsEqual(suffix)
            ? Array(word.dropLast(suffix.count)) : nil
    }

    private static func plural(_ word: Word) -> Word {
        if word.count == 4, let stem = without("ies", word) { return stem + ["i", "e"] }
        return apply([("sses", "ss", nil), ("ies", "i", nil), ("ss", "ss", nil), ("s", "", nil)], to: word)
    }

    private static func participle(_ word: Word) -> Word {
        if let stem = without("ied", word) { return stem + (word.count == 4 ? ["i", "e"] : ["i"]) }
        if let stem = without("eed", word) { return isMeasured(stem) ? stem + ["e", "e"] : word }
        let stems = ["ed", "ing"].compactMap { without($0, word) }
        guard let stem = stems.first(where: { isConsonant($0).contains(false) }), let last = stem.last else {
            return word
        }
        for suffix in ["at", "bl", "iz"] where without(suffix, stem) != nil { return stem + ["e"] }
        if endsInDoubleConsonant(stem) {
            return ["l", "s", "z"].contains(last) ? stem : Array(stem.dropLast())
        }
        return measure(stem) == 1 && endsShort(stem) ? stem + ["e"] : stem
    }

    private static func derivation(_ word: Word) -> Word {
        if let stem = without("alli", word), isMeasured(stem) { return derivation(stem + ["a", "l"]) }
        return apply(second, to: word)
    }

    private static func finalE(_ word: Word) -> Word {
        guard let stem = without("e", word) else { return word }
        let measure = measure(stem)
        return measure > 1 || measure == 1 && !endsShort(stem) ? stem : word
    }

    private static func rules(_ pairs: [(String, String)], _ condition: @escaping Condition) -> [Rule] {
        pairs.map { ($0.0, $0.1, condition) }
    }

    private static let second: [Rule] = {
        let pairs = [
            ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"),
            ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
            ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"),
            ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
        ]
        let logi: Rule = ("logi", "log", { isMeasured($0 + ["l"]) })
        return rules(pairs, isMeasured) + [logi]
    }()

    private static let third: [Rule] = rules(
        [
            ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
        ], isMeasured)

    private static let fourth: [Rule] = {
        func removed(_ suffixes: [String]) -> [Rule] { rules(suffixes.map { ($0, "") }, isLong) }
        let before = removed(["al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent"])
        let ion: Rule = ("ion", "", { isLong($0) && ($0.last == "s" || $0.last == "t") })
        return before + [ion] + removed(["ou", "ism", "ate", "iti", "ous", "ive", "ize"])
    }()
}
