import Foundation
import Monocle
import Prompting
import TestSupport
import Testing

/// From files and text to tokens, against vLLM and transformers in float32: prompt ids, tile plans and 32 greedy tokens.
struct GoldenPipelineTests {
    struct Prompt: Decodable {
        let text: String
        let images: [String]
        let promptTokenIds: [Int32]
        let tokens: [Int32]
    }
    private struct File: Decodable { let prompts: [String: Prompt] }

    private func prompts(_ file: String) throws -> [String: Prompt] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(File.self, from: Data(contentsOf: Goldens.file("vllm_e2e/" + file))).prompts
    }

    private func model(_ name: String, alignCorners: Bool = false) throws -> VisionLanguageModel {
        try VisionLanguageModel(
            loading: Goldens.file("ckpt/" + name),
            options: LoadOptions(precision: .f32, context: 1024, alignCorners: alignCorners))
    }

    private func answer(_ inquiry: Inquiry, _ model: VisionLanguageModel) async throws -> Answer {
        for try await event in model.stream(inquiry) {
            if case .finished(let answer) = event { return answer }
        }
        throw CancellationError()
    }

    private func sources(_ images: [String]) throws -> [Inquiry.Source] {
        try images.map { Inquiry.Source(.file(try Goldens.file("images/" + $0)), detail: .auto) }
    }

    private let greedy = AnswerOptions(temperature: 0, maxTokens: 32, ignoresEnd: true)

    @Test(arguments: [("bf16_float32.json", false), ("bf16_float32_align_corners_true.json", true)])
    func everyPromptContinuesAsInVLLM(file: String, alignCorners: Bool) async throws {
        let model = try model("bf16", alignCorners: alignCorners)
        let prompts = try prompts(file)
        #expect(prompts.count >= 7)
        for (name, prompt) in prompts {
            let found = try await answer(
                Inquiry(.raw(prompt.text), sources: sources(prompt.images), answer: greedy, special: true), model)
            #expect(found.promptTokenIDs == prompt.promptTokenIds, "\(name)")
            #expect(found.tokenIDs == prompt.tokens, "\(name)")
            #expect(found.finishReason == .length && found.usage.completionTokens == 32)
        }
    }

    @Test func nvfp4WeightsContinueAsInTransformers() async throws {
        struct Run: Decodable { let greedy: [Int32] }
        struct Runs: Decodable { let w4a16: [String: Run] }
        let runs = try JSONDecoder().decode(Runs.self, from: Data(contentsOf: Goldens.file("llama/nvfp4.json"))).w4a16
        let model = try model("nvfp4")
        for (name, prompt) in try prompts("bf16_float32.json") {
            let found = try await answer(
                Inquiry(.raw(prompt.text), sources: sources(prompt.images), answer: greedy, special: true), model)
            #expect(found.tokenIDs == runs[name]?.greedy, "\(name)")
        }
    }

    @Test func questionsAreRenderedAsVLLMRendersThem() async throws {
        let model = try model("bf16", alignCorners: false)
        let prompts = try prompts("bf16_float32.json")
        let cases: [(String, Question)] = [
            ("chat", Question("What is 2+2?")),
            ("img_wide", Question("Describe the image.", attachments: try attach(["wide_text.png"]))),
            (
                "img_tall",
                Question(
                    "How many shapes?", system: "Answer the questions.", attachments: try attach(["tall_shapes.jpg"]))
            ),
            ("two_images", Question("Compare both.", attachments: try attach(["photo_prog.jpg", "palette.png"]))),
        ]
        for (name, question) in cases {
            var question = question
            question.answer = greedy
            let found = try await model.ask(question)
            #expect(found.promptTokenIDs == prompts[name]?.promptTokenIds, "\(name)")
            #expect(found.tokenIDs == prompts[name]?.tokens, "\(name)")
        }
    }

    @Test func theSecondQuestionReusesWhatTheFirstComputedAndAnswersTheSame() async throws {
        let warm = try model("nvfp4")
        var question = Question("Describe the image.", attachments: try attach(["wide_text.png"]), answer: greedy)
        question.answer.logprobs = 2
        let first = try await warm.ask(question)
        let second = try await warm.ask(question)
        #expect(first.timings.cachedTokens == 0)
        #expect(second.timings.cachedTokens >= 64 && second.timings.visionSeconds < first.timings.visionSeconds)
        #expect(second.tokenIDs == first.tokenIDs)
        #expect(bits(first).count == 96 && bits(first) == bits(second))
    }

    @Test func stopStringsAndLimitsEndAnAnswer() async throws {
        let model = try model("bf16")
        var question = Question("What is 2+2?", answer: greedy)
        let whole = try await model.ask(question)
        let middle = String(whole.text.dropFirst(3).prefix(4))
        question.answer.stop = [middle]
        let cut = try await model.ask(question)
        #expect(cut.finishReason == .stop && whole.text.hasPrefix(cut.text) && !cut.text.contains(middle))
        question.answer.stop = []
        question.answer.maxTokens = 3
        let short = try await model.ask(question)
        #expect(short.finishReason == .length && short.tokenIDs == Array(whole.tokenIDs.prefix(3)))
    }

    private func bits(_ answer: Answer) -> [UInt32] {
        (answer.logprobs ?? []).flatMap { token in [token.logprob.bitPattern] + token.top.map { $0.logprob.bitPattern }
        }
    }

    private func attach(_ names: [String]) throws -> [Monocle.Attachment] {
        try names.map { Monocle.Attachment(try Goldens.file("images/" + $0)) }
    }
}
