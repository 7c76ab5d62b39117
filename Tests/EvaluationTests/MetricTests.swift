import Evaluation
import Foundation
import Testing

struct MetricTests {
    @Test func exactMatchForgivesOnlyWhiteSpaceAtTheEnds() {
        #expect(ExactMatch.matches(" 12.50\n", ["12.50"]))
        #expect(ExactMatch.matches("\u{1C}\u{A0}\u{3000}B\u{85}\u{2028}", ["A", "B"]))
        #expect(ExactMatch.matches("a\nb", ["a\nb"]))
        #expect(!ExactMatch.matches("12.5", ["12.50"]))
        #expect(!ExactMatch.matches("total", ["Total"]))
        #expect(!ExactMatch.matches("Total.", ["Total"]))
        #expect(!ExactMatch.matches("a  b", ["a b"]))
        #expect(!ExactMatch.matches("\u{200B}A", ["A"]))
        #expect(!ExactMatch.matches("", ["A"]))
        #expect(!ExactMatch.matches("  ", ["A"]))
    }

    /// `==` on strings would call these equal.
    @Test func otherUnicodeFormsOfTheSameLettersDiffer() {
        #expect(!ExactMatch.matches("e\u{301}", ["\u{E9}"]))
        #expect(!ExactMatch.matches("a\r\nb", ["a\nb"]))
        // A combining mark after a space belongs to the text.
        #expect(ExactMatch.matches(" \u{301}x", ["\u{301}x"]))
    }

    private func fidelity(_ reference: [Float], _ model: [Float], _ target: Int32) -> TokenFidelity? {
        reference.withUnsafeBufferPointer { reference in
            model.withUnsafeBufferPointer { TokenFidelity(reference: reference, model: $0, target: target) }
        }
    }

    @Test func tokenFiguresAreThoseOfTheFormulas() throws {
        let found = try #require(fidelity([1, 2, -1, 0.5], [0.5, 2.5, -0.5, 0], 3))
        #expect(abs(found.divergence - 0.10183037818666739) < 1e-12)
        #expect(abs(found.referenceCrossEntropy - 1.995181898085856) < 1e-12)
        #expect(abs(found.crossEntropy - 2.7368155424308167) < 1e-12)
        #expect(found.agrees && found.choice == 1)
        let same = try #require(fidelity([1, 2, 2], [1, 2, 2], 0))
        #expect(same.divergence == 0 && same.choice == 1)
        let shifted = try #require(fidelity([1, 2, 3], [101, 102, 103], 0))
        #expect(abs(shifted.divergence) < 1e-12)
        let opposed = try #require(fidelity([0, 90], [90, 0], 0))
        #expect(abs(opposed.divergence - 90) < 1e-9 && !opposed.agrees)
    }

    @Test func logitsThatAreNotFiniteGiveNoFigures() {
        #expect(fidelity([1, .nan], [1, 2], 0) == nil)
        #expect(fidelity([1, 2], [.infinity, 2], 0) == nil)
    }
}
