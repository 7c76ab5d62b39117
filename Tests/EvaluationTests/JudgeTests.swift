import BenchmarkData
import Evaluation
import Foundation
import Scoring
import Synchronization
import TestSupport
import Testing

/// Says what it is told to, in order, and remembers what it was asked.
private final class ScriptedJudge: Judge {
    let model = "scripted"
    let prompts = Mutex<[String]>([])
    private let replies: [String]

    /// What VLMEvalKit's client returns for a failed request.
    static let failure = "Failed to obtain answer via API."

    init(_ replies: [String]) { self.replies = replies }

    func check() async throws {}

    func reply(to prompt: String, attempt: Int) async throws(AnswerOutcome.Failure) -> String {
        let number = prompts.withLock { prompts in
            prompts.append(prompt)
            return prompts.count - 1
        }
        guard replies.indices.contains(number), replies[number] != Self.failure else {
            throw AnswerOutcome.Failure(.endpoint, "status 500", status: 500)
        }
        return replies[number]
    }
}

struct JudgeTests {
    private struct File: Decodable {
        struct Case: Decodable {
            struct Expected: Decodable {
                let option: String
                let hit: Double
                let judgeCalls: Int
                let judgePrompt: String?
            }
            let id: String
            let question: String
            let choices: [String: String]
            let answer: String
            let prediction: String
            let judgeReplies: [String]
            let dataset: String?
            let expected: Expected
        }
        let cases: [Case]
    }

    private func item(_ example: File.Case) -> ScoringItem {
        if example.dataset == "MMMU_DEV_VAL" {
            return ScoringItem(
                id: example.id, question: example.question, gold: .text(CodePoints(example.choices["A"] ?? "")))
        }
        return ScoringItem(
            id: example.id, question: example.question, gold: .text(CodePoints(example.answer)),
            options: example.choices.sorted { $0.key < $1.key }.map { .init(letter: $0.key, text: $0.value) })
    }

    /// Video-MME's question is kept without its options, whose texts begin with their letters.
    @Test func videosAreJudgedByTheItemsOptions() async throws {
        let judge = ScriptedJudge(["B"])
        let scorer = BenchmarkScorer(try Scorer(.videomme, profile: .vlmevalkit2025), judge: judge)
        let item = ScoringItem(
            id: "1", question: "Next?", gold: .text("B"),
            options: [.init(letter: "A", text: "A. Rain."), .init(letter: "B", text: "B. Snow.")])
        let verdict = try await scorer.verdict(on: "white flakes, perhaps", gold: item, answers: [])
        #expect(verdict.score == 1 && verdict.judge?.model == "scripted", "\(verdict)")
        let prompt = try #require(judge.prompts.withLock { $0 }.first)
        #expect(prompt.contains("A. Rain\nB. Snow\n"))
        #expect(BenchmarkScorer.asksJudge(.videomme, .vlmevalkit) && !BenchmarkScorer.asksJudge(.videomme, .official))
        #expect(!BenchmarkScorer.asksJudge(.docvqa, .vlmevalkit))
    }

    /// VLMEvalKit's loop with the same scripted replies: the same prompts, as many calls, the same option. Where it draws one
    /// at random the reply stays undecided.
    @Test(arguments: [Profile.vlmevalkit, .vlmevalkit2025]) func equalsThePublicLoop(_ profile: Profile) async throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = try decoder.decode(File.self, from: Data(contentsOf: Goldens.file("eval/judge_flow/cases.json")))
        #expect(file.cases.count == 12)
        var undecided = 0
        for example in file.cases {
            let judge = ScriptedJudge(example.judgeReplies)
            let scorer = BenchmarkScorer(try Scorer(.mmmu, profile: profile), judge: judge)
            let verdict = try await scorer.verdict(on: example.prediction, gold: item(example), answers: [])
            let prompts = judge.prompts.withLock { $0 }
            #expect(prompts.count == example.expected.judgeCalls, "\(example.id)")
            for prompt in prompts {
                let expected = try #require(example.expected.judgePrompt)
                #expect(prompt.unicodeScalars.elementsEqual(expected.unicodeScalars), "\(example.id)")
            }
            #expect((verdict.judge != nil) == (example.expected.judgeCalls > 0))
            if example.expected.option.hasPrefix("<RANDOM") {
                #expect(verdict.state == .undecided && verdict.score == 0)
                undecided += 1
            } else {
                #expect(verdict.state == .scored && verdict.score == example.expected.hit, "\(example.id)")
                #expect(verdict.extracted == example.expected.option, "\(example.id)")
            }
        }
        #expect(undecided == 1)
    }

    @Test func aJudgeThatNeverAnswersIsAnErrorAndNoScore() async throws {
        let item = ScoringItem(
            id: "1", question: "Where?", gold: .text("B"),
            options: [.init(letter: "A", text: "up"), .init(letter: "B", text: "down")])
        let judge = ScriptedJudge([])
        let scorer = BenchmarkScorer(try Scorer(.ai2d, profile: .vlmevalkit), judge: judge)
        await #expect(throws: AnswerOutcome.Failure(.judge, "status 500", status: 500)) {
            try await scorer.verdict(on: "elsewhere", gold: item, answers: [])
        }
        #expect(judge.prompts.withLock { $0.count } == 3)
        let alone = BenchmarkScorer(try Scorer(.ai2d, profile: .vlmevalkit))
        #expect(try await alone.verdict(on: "elsewhere", gold: item, answers: []).state == .undecided)
        // Protocols without a judge ask none.
        let other = BenchmarkScorer(try Scorer(.ai2d, profile: .lmmsEval), judge: judge)
        #expect(try await other.verdict(on: "elsewhere", gold: item, answers: []).judge == nil)
        #expect(judge.prompts.withLock { $0.count } == 3)
    }
}
