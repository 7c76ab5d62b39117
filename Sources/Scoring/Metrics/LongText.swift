// OCRBench v2's mix for long texts: BLEU, METEOR, F of word sets and edit distance. Knows no item.

/// The four figures of one reply, and the tokens they are of.
package struct LongText: Sendable {
    package let bleu: Double
    package let meteor: Double
    /// Nil when either side has no token.
    package let fMeasure: Double?
    package let precision: Double?
    package let recall: Double?
    /// Edits over the longer length, in code points of the whole texts.
    package let editDistance: Double
    package let predictionTokens: [CodePoints]
    package let goldTokens: [CodePoints]

    /// Their mean, a missing F counting as 0.
    package var score: Double { (bleu + meteor + (fMeasure ?? 0) + (1 - editDistance)) / 4 }

    package enum Fault: Error, Equatable {
        /// Both texts are empty: the public code divides by zero.
        case empty
        case missing(LanguageData.Part)
    }

    package init(_ prediction: CodePoints, gold: CodePoints, _ language: LanguageData) throws(Fault) {
        guard !prediction.isEmpty || !gold.isEmpty else { throw .empty }
        if prediction.hasHan || gold.hasHan {
            guard let segmenter = language.segmenter else { throw .missing(.segmenter) }
            predictionTokens = segmenter.words(of: prediction)
            goldTokens = segmenter.words(of: gold)
        } else {
            predictionTokens = prediction.words
            goldTokens = gold.words
        }
        bleu = BLEU.score(predictionTokens, reference: goldTokens)
        let meteor = METEOR.score(
            predictionTokens, reference: goldTokens, synonyms: language.wordNet.map { $0.synonyms(of:) })
        guard let meteor else { throw .missing(.wordNet) }
        self.meteor = meteor
        let (found, expected) = (Set(predictionTokens), Set(goldTokens))
        let common = Double(found.intersection(expected).count)
        precision = found.isEmpty ? nil : common / Double(found.count)
        recall = expected.isEmpty ? nil : common / Double(expected.count)
        fMeasure = Self.harmonic(precision, recall)
        editDistance =
            Double(Levenshtein.distance(prediction, gold)) / Double(max(prediction.count, gold.count))
    }

    /// F of two sets of words, nil when one is empty.
    package static func harmonic(_ precision: Double?, _ recall: Double?) -> Double? {
        guard let precision, let recall else { return nil }
        return precision == 0 || recall == 0 ? 0 : 1 / (0.5 / precision + 0.5 / recall)
    }
}

extension CodePoints {
    /// Whether there is a Chinese character of the block that the public code looks for.
    var hasHan: Bool { scalars.contains { (0x4E00...0x9FA5).contains($0.value) } }
}
