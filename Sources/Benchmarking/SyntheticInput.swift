// Inputs made of a seed: random ids and bytes, and English-looking text. Knows nothing of models.

package import Numerics

extension SplitMix64 {
    package mutating func tokens(_ count: Int, below limit: Int) -> [Int32] {
        (0..<count).map { _ in Int32(truncatingIfNeeded: Int.random(in: 0..<max(1, limit), using: &self)) }
    }
}

/// Text with the word lengths, frequencies, numbers and punctuation of English prose.
package enum SyntheticText {
    /// At least `bytes` bytes of ASCII, ending with a sentence.
    package static func english(bytes: Int, seed: UInt64) -> String {
        var random = SplitMix64(seed: seed)
        var text = ""
        text.reserveCapacity(bytes + 256)
        var sentences = 0
        while text.utf8.count < bytes {
            appendSentence(to: &text, &random)
            sentences += 1
            text += sentences % 7 == 0 ? "\n\n" : " "
        }
        return text
    }

    private static func appendSentence(to text: inout String, _ random: inout SplitMix64) {
        let count = Int.random(in: 5...24, using: &random)
        for index in 0..<count {
            let word = word(&random)
            text += index == 0 ? word.prefix(1).uppercased() + word.dropFirst() : word
            if index + 1 < count { text += random.next() % 11 == 0 ? ", " : " " }
        }
        text += [".", ".", ".", ".", "?", "!", ";"][Int(random.next() % 7)]
    }

    /// Mostly one of the common words, the earlier the likelier; now and then a number, a name or a longer form.
    private static func word(_ random: inout SplitMix64) -> String {
        switch random.next() % 100 {
        case 0: return String(random.next() % 100_000)
        case 1: return "\(random.next() % 1000).\(random.next() % 10)\(random.next() % 10)"
        case 2, 3:
            let name = (0..<Int.random(in: 2...4, using: &random)).map { _ in
                syllables[Int(random.next() % UInt64(syllables.count))]
            }.joined()
            return name.prefix(1).uppercased() + name.dropFirst()
        case 4...9: return common(&random) + endings[Int(random.next() % UInt64(endings.count))]
        default: return common(&random)
        }
    }

    /// Word n comes up about 1/n as often as the first, as in prose.
    private static func common(_ random: inout SplitMix64) -> String {
        // The product of two uniform numbers leans towards zero.
        let lean = Double.random(in: 0..<1, using: &random) * Double.random(in: 0..<1, using: &random)
        return words[Int(lean * Double(words.count))]
    }

    private static let syllables = [
        "ka", "ro", "lin", "ber", "ton", "mar", "el", "vi", "sha", "dor", "en", "quist", "ham", "wei", "zu", "pol",
    ]
    private static let endings = ["s", "ed", "ing", "ly", "er", "ness", "ment", "'s"]
    private static let words = """
        the of and to in a is that for it was on with as be by at this have from or an they which one you were all her \
        she there would their we him been has when who will no more if out so up said what its about than into them can \
        only other time new some could these two may first then do any like my now over such our man me even most made \
        after also did many off before must well back through years much where your way down should because long each \
        just state those people too mister how little good world make very year still see own work men day get here old \
        life both between being under three never know same last another while us might great go come since against right \
        came take used himself few house use place during high without again home around small however found part school \
        thought went say general once upon war left every don't does got united number hand course water until always \
        public something fact less through enough put far head almost yet government system better set told nothing night \
        end why called didn't eyes find going look asked later point knew next program city business give group toward \
        young days let room word order large social invoice amount total balance account customer quantity price page \
        table figure report section column value percent total revenue quarter income statement analysis measure result \
        temperature pressure engine machine learning language vision network document receipt address signature contract \
        agreement paragraph schedule reference appendix summary introduction conclusion experiment hypothesis evidence \
        development environment international organization responsibility approximately characteristics administration
        """.split(whereSeparator: \.isWhitespace).map(String.init)
}
