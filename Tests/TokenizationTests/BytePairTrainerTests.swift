import Testing
import Tokenization

struct BytePairTrainerTests {
    /// By hand: "aa" three times, then "aab" twice; of the pairs seen once or twice the most frequent.
    @Test func theMostFrequentPairComesFirst() throws {
        let merges = try BytePairTrainer.merges(of: "aab aab aac", count: 3)
        #expect(merges.map { "\($0.left)+\($0.right)" } == ["a+a", "aa+b", "aa+c"])
    }

    @Test func piecesAreNotCrossed() throws {
        // Digits are cut in threes, words at spaces: no token holds both.
        for (left, right) in try BytePairTrainer.merges(of: "ab12 ab12 ab12", count: 3) {
            let token = left + right
            #expect(!(token.contains("b") && token.contains("1")), "\(token)")
        }
    }

    @Test func tooLittleTextIsSaid() {
        #expect(throws: TokenizationError.tooLittleText(merges: 1, wanted: 5)) {
            try BytePairTrainer.merges(of: "ab", count: 5)
        }
    }
}
