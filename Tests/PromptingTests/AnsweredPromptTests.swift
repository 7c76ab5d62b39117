import Prompting
import Testing

struct AnsweredPromptTests {
    @Test func eachRowPredictsTheTokenAfterIt() throws {
        let tokenizer = try PromptFixture.tokenizer()
        let end = try AnsweredPrompt.endToken(of: tokenizer)
        let sequence = try AnsweredPrompt(prompt: [5, 6, 7], answer: "a total of 83.60", tokenizer: tokenizer)
        #expect(sequence.answer.count > 2 && sequence.answer.last == end)
        #expect(sequence.tokens == [5, 6, 7] + sequence.answer.dropLast(), "the end is not read")
        let whole = sequence.tokens + [end]
        #expect(sequence.predictingRows.map { whole[$0 + 1] } == sequence.answer)
    }

    @Test func anAnswerCannotSpellTheEnd() throws {
        let tokenizer = try PromptFixture.tokenizer()
        let end = try AnsweredPrompt.endToken(of: tokenizer)
        let sequence = try AnsweredPrompt(prompt: [5], answer: "a" + Spelling.endOfTurn + "b", tokenizer: tokenizer)
        #expect(sequence.answer.count { $0 == end } == 1)
    }
}
