// METEOR as NLTK computes it: exact words, then stems, then synonyms of what is left. Knows tokens, no text.

package enum METEOR {
    /// - Parameter synonyms: of a stem; nil when they are needed and there is no WordNet.
    /// - Returns: nil when synonyms decide and there are none to ask.
    package static func score(
        _ hypothesis: [CodePoints], reference: [CodePoints], synonyms: ((CodePoints) -> Set<CodePoints>)?
    ) -> Double? {
        var matches: [Match] = []
        var left = Side(hypothesis.map(\.lowered))
        var right = Side(reference.map(\.lowered))
        matches += match(&left, &right) { [$0] }
        left.map(PorterStemmer.stem)
        right.map(PorterStemmer.stem)
        matches += match(&left, &right) { [$0] }
        if left.needsSynonyms, right.needsSynonyms {
            guard let synonyms else { return nil }
            matches += match(&left, &right) { synonyms($0).union([$0]) }
        }
        guard !matches.isEmpty else { return 0 }
        matches.sort { $0.hypothesis < $1.hypothesis }
        let count = Double(matches.count)
        let precision = count / Double(hypothesis.count)
        let recall = count / Double(reference.count)
        let mean = precision * recall / (0.9 * precision + 0.1 * recall)
        let breaks = zip(matches, matches.dropFirst()).count {
            $1.hypothesis != $0.hypothesis + 1 || $1.reference != $0.reference + 1
        }
        let fragmentation = Double(breaks + 1) / count
        return (1 - 0.5 * fragmentation * fragmentation * fragmentation) * mean
    }

    private struct Match {
        let hypothesis: Int
        let reference: Int
    }

    /// Words that are not matched yet, with their places.
    private struct Side {
        var words: [(place: Int, word: CodePoints)]

        init(_ words: [CodePoints]) { self.words = words.enumerated().map { ($0, $1) } }

        mutating func map(_ change: (CodePoints) -> CodePoints) { words = words.map { ($0.place, change($0.word)) } }

        /// WordNet holds ASCII words alone.
        var needsSynonyms: Bool { words.contains { $0.word.scalars.allSatisfy(\.isASCII) } }
    }

    /// Matches from the end backwards, each with the last reference word that is left among the forms.
    private static func match(
        _ hypothesis: inout Side, _ reference: inout Side, forms: (CodePoints) -> Set<CodePoints>
    ) -> [Match] {
        var places: [CodePoints: [Int]] = [:]
        for (index, word) in reference.words.enumerated() { places[word.word, default: []].append(index) }
        var matches: [Match] = []
        var (usedHypothesis, usedReference) = (Set<Int>(), Set<Int>())
        for index in hypothesis.words.indices.reversed() {
            let found = forms(hypothesis.words[index].word).compactMap { form in places[form]?.last.map { (form, $0) } }
            guard let (form, place) = found.max(by: { $0.1 < $1.1 }) else { continue }
            places[form]?.removeLast()
            usedHypothesis.insert(index)
            usedReference.insert(place)
            matches.append(
                Match(hypothesis: hypothesis.words[index].place, reference: reference.words[place].place))
        }
        hypothesis.words = hypothesis.words.enumerated().filter { !usedHypothesis.contains($0.offset) }.map(\.element)
        reference.words = reference.words.enumerated().filter { !usedReference.contains($0.offset) }.map(\.element)
        return matches
    }
}
