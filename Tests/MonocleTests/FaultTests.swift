import Foundation
import Monocle
import TestSupport
import Testing

/// What a caller sees when something is wrong: the kind of fault and a message that names it.
struct FaultTests {
    private func model(context: Int = 1024) throws -> VisionLanguageModel {
        try VisionLanguageModel(loading: Goldens.file("ckpt/nvfp4"), options: LoadOptions(context: context))
    }

    private func fault(_ question: Question, context: Int = 1024) async throws -> MonocleError? {
        let model = try model(context: context)
        do {
            _ = try await model.ask(question)
            return nil
        } catch {
            return error as? MonocleError
        }
    }

    @Test(arguments: ["", " \n\t"])
    func anEmptyQuestionIsRefused(text: String) async throws {
        let error = try await fault(Question(text))
        #expect(error?.kind == .input && error?.description.contains("question is empty") == true)
    }

    @Test func whatDoesNotFitTheContextIsRefusedWithTheSums() async throws {
        let page = Monocle.Attachment(try Goldens.file("images/wide_text.png"))
        let error = try await fault(Question("Read it.", attachments: [page]), context: 64)
        #expect(error?.kind == .input)
        #expect(error?.description.contains("52 image") == true && error?.description.contains("64") == true)
    }

    @Test func missingAndUnreadableFilesAreNamed() async throws {
        let page = Monocle.Attachment(URL(filePath: "no/such/page.png"))
        let error = try await fault(Question("Read it.", attachments: [page]))
        #expect(error?.kind == .input && error?.description.contains("page.png") == true)
    }

    @Test(arguments: [
        ("temperature", AnswerOptions(temperature: -1)), ("top_p", AnswerOptions(topP: 0)),
        ("max-tokens", AnswerOptions(maxTokens: 0)), ("logprobs", AnswerOptions(logprobs: 21)),
    ])
    func parametersOutsideTheirRangeAreNamed(name: String, options: AnswerOptions) async throws {
        let error = try await fault(Question("Hello?", answer: options))
        #expect(error?.kind == .input && error?.description.contains(name) == true)
    }

    @Test func loadOptionsOutsideTheirRangeAreNamed() throws {
        for (options, name) in [
            (LoadOptions(context: 1), "context"), (LoadOptions(threads: 0), "threads"),
            (LoadOptions(prefillChunk: 0), "prefill chunk"), (LoadOptions(keyValueCache: .fp8), "FP8"),
        ] {
            let error = #expect(throws: MonocleError.self) {
                try VisionLanguageModel(loading: Goldens.file("ckpt/nvfp4"), options: options)
            }
            #expect(error?.kind == .input && error?.description.contains(name) == true, "\(name)")
        }
    }

    @Test func aFolderThatIsNoModelIsTheModelsFault() throws {
        let error = #expect(throws: MonocleError.self) {
            try VisionLanguageModel(loading: URL(filePath: NSTemporaryDirectory()))
        }
        #expect(error?.kind == .model && error?.description.contains("config.json") == true)
    }

    @Test func anAnswerAfterAFaultIsUnharmed() async throws {
        let model = try model()
        let question = Question("Hello?", answer: AnswerOptions(temperature: 0, maxTokens: 8, ignoresEnd: true))
        let before = try await model.ask(question)
        _ = try? await model.ask(Question("", answer: question.answer))
        _ = try? await model.ask(Question("Hello?", answer: AnswerOptions(temperature: 9)))
        let after = try await model.ask(question)
        #expect(after.tokenIDs == before.tokenIDs)
    }
}
