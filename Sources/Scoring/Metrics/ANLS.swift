// Average normalised Levenshtein similarity of one question (Biten et al. 2019). Knows its protocols' lengths, no data.

package enum ANLS {
    /// Normalised distance to each gold: edits between the texts in lower case with single blanks, over a length that is the
    /// raw texts' in the kits, trailing blanks included.
    package static func distances(_ prediction: CodePoints, _ answers: [CodePoints], _ rules: ANLSRules) -> [Double] {
        let second = normalised(prediction)
        return answers.map { answer in
            let first = normalised(answer)
            let length =
                switch rules.lengthOf {
                case .rawText: max(answer.countOfUppercase, prediction.countOfUppercase)
                case .normalisedText: max(first.countOfUppercase, second.countOfUppercase)
                }
            return length == 0 ? 0 : Double(Levenshtein.distance(first, second)) / Double(length)
        }
    }

    package static func score(ofDistances distances: [Double], _ rules: ANLSRules) -> Double {
        guard let least = distances.min() else { return 0 }
        let similarity = 1 - least
        return rules.keepsHalf ? (similarity < 0.5 ? 0 : similarity) : (least < 0.5 ? similarity : 0)
    }

    private static func normalised(_ text: CodePoints) -> CodePoints {
        CodePoints.joined(text.stripped.lowered.words, by: " ")
    }
}
