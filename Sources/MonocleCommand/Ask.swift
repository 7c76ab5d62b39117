// `monocle ask`: one question, its images, one answer. Knows how to show an answer, not how it comes about.

import ArgumentParser
import Foundation
import Imaging
import Monocle
import Prompting

struct Ask: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a question about images, PDF pages or a video; the answer streams to standard output.",
        discussion: """
            Examples:
              monocle ask "What is the total?" receipt.png --model DIR
              monocle ask "Summarise this page." report.pdf --page 2 --model DIR
              monocle ask "What happens?" clip.mp4 --frames 16 --model DIR
              monocle ask --messages chat.json --json --model DIR
            """)

    @Argument(help: "What you want to know.")
    var question: String?

    @Argument(
        help: ArgumentHelp(
            "Images (JPEG, PNG, WebP), PDF documents and videos (MP4, WebM, Matroska, AVI).", valueName: "file"))
    var files: [String] = []

    @OptionGroup(title: "Model") var run: RunOptions

    @Option(help: "Instructions that stand before the question.")
    var system: String?

    @OptionGroup(title: "Images") var pictures: PictureOptions

    @OptionGroup(title: "Answer") var generation: GenerationOptions

    @Option(
        help: ArgumentHelp(
            "Report each token's log-probability and the K most likely tokens (with --json).", valueName: "K"))
    var logprobs: Int?

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Flag(help: "Send the text without a chat template, after the begin token.")
    var raw = false

    @Flag(help: "Parse control tokens spelled in the text and let <image> place images, as vLLM does.")
    var special = false

    @Option(
        help: ArgumentHelp(
            "OpenAI chat messages instead of a question; image parts name files.", valueName: "file.json"))
    var messages: String?

    func run() async throws {
        let inquiry = try inquiry()
        let progress = ProgressBar()
        progress.show("loading the model")
        let start = ContinuousClock.now
        let url = try run.folder.url()
        let model = try VisionLanguageModel(loading: url, options: run.loadOptions)
        let loadSeconds = (ContinuousClock.now - start) / .seconds(1)
        progress.clear()
        for warning in model.warnings { Failure.warn(warning) }
        let view = AnswerView(progress: progress, showsText: !json)
        let answer = try await view.show(model.stream(inquiry))
        if json { try Output.json(AskReport(answer, model: url.lastPathComponent, loadSeconds: loadSeconds)) }
    }

    private func inquiry() throws -> Inquiry {
        let options = generation.answerOptions(logprobs: logprobs)
        let detail = Detail(pictures.detail)
        if let messages {
            guard question == nil, files.isEmpty, system == nil, !raw else {
                throw UsageError("--messages stands instead of a question, files, --system and --raw; leave those out")
            }
            let file = URL(filePath: messages)
            let list = try OpenAIMessages(try Self.read(file))
            let folder = file.deletingLastPathComponent()
            let sources = try list.attachments.map { attachment in
                let chosen = pictures.source(
                    try Self.source(attachment, relativeTo: folder), detail: Detail(attachment.detail))
                return Inquiry.Source(chosen.image, attachment, pages: chosen.pages, frames: chosen.frames)
            }
            return Inquiry(
                .conversation(list.conversation), sources: sources, maxTiles: pictures.maxTiles, answer: options,
                special: special)
        }
        guard let question else { throw UsageError("no question: monocle ask \"What is the total?\" receipt.png") }
        guard !raw || system == nil else {
            throw UsageError("--raw has no place for --system; put its text in the question")
        }
        return Inquiry(
            raw ? .raw(question) : .question(question, system: system),
            sources: try pictures.sources(files.map { (URL(filePath: $0), detail) }),
            maxTiles: pictures.maxTiles, answer: options, special: special)
    }

    private static func source(
        _ attachment: OpenAIMessages.Attachment, relativeTo folder: URL
    ) throws -> ImageSource {
        switch attachment.media {
        case .file(let path): return .file(URL(filePath: path, relativeTo: folder))
        case .data(let data, _): return .data(data, name: attachment.path)
        case .remote:
            throw UsageError(
                "\(attachment.path) is a web address; expected the path of a file, a file:// URL or a data URL")
        }
    }

    private static func read(_ file: URL) throws -> Data {
        do {
            return try Data(contentsOf: file)
        } catch {
            throw UsageError("cannot read \(file.relativePath): \(error.localizedDescription)")
        }
    }
}

/// An optional whose key stays in the object.
private struct NullWhenAbsent<Value: Encodable>: Encodable {
    let value: Value?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value { try container.encode(value) } else { try container.encodeNil() }
    }
}

/// What `ask --json` prints.
private struct AskReport: Encodable {
    struct Timings: Encodable {
        let loadSeconds: Double
        let answer: AnswerTimings

        func encode(to encoder: any Encoder) throws {
            try answer.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(loadSeconds, forKey: .loadSeconds)
        }
        private enum CodingKeys: CodingKey { case loadSeconds }
    }
    let model: String
    let text: String
    let finishReason: Answer.FinishReason
    let promptTokenIds: [Int32]
    let tokenIds: [Int32]
    let logprobs: NullWhenAbsent<[TokenLogprobs]>
    let images: [ImageUse]
    let usage: Usage
    let timings: Timings

    init(_ answer: Answer, model: String, loadSeconds: Double) {
        self.model = model
        text = answer.text
        finishReason = answer.finishReason
        promptTokenIds = answer.promptTokenIDs
        tokenIds = answer.tokenIDs
        logprobs = NullWhenAbsent(value: answer.logprobs)
        images = answer.images
        usage = answer.usage
        timings = Timings(loadSeconds: loadSeconds, answer: answer.timings)
    }
}
