// `monocle chat`: a conversation of several turns on the terminal. Knows its commands, not the model.

import ArgumentParser
import Foundation
import Imaging
import Monocle
import Prompting

struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk with a model over several turns, adding images as you go.",
        discussion: """
            Commands: /image FILE [PAGE] adds an image (or a PDF's page, or a video's frames) to your next message; /system TEXT sets the \
            instructions and starts anew; /clear starts anew; /quit ends. What was computed for earlier turns is kept.
            """)

    @OptionGroup(title: "Model") var run: RunOptions

    @Option(help: "Instructions that stand before the conversation.")
    var system: String?

    @OptionGroup(title: "Images") var pictures: PictureOptions

    @OptionGroup(title: "Answer") var generation: GenerationOptions

    func run() async throws {
        let progress = ProgressBar()
        progress.show("loading the model")
        let model = try VisionLanguageModel(loading: run.folder.url(), options: run.loadOptions)
        progress.clear()
        for warning in model.warnings { Failure.warn(warning) }
        var talk = Talk(system: system)
        let view = AnswerView(progress: progress, showsText: true)
        while let line = prompt() {
            switch Line(line) {
            case .nothing: continue
            case .quit: return
            case .clear: talk = Talk(system: talk.system)
            case .system(let text): talk = Talk(system: text)
            case .unknown(let command):
                Failure.warn(
                    "no such command: \(command); there are /image FILE [PAGE], /system TEXT, /clear and /quit")
            case .image(let path, let page):
                var source = pictures.source(.file(URL(filePath: path)), detail: Detail(pictures.detail))
                if let page { source.pages = page...page }
                do {
                    try ImageLoader().check(source.image, pages: source.pages)
                    talk.add(source)
                } catch {
                    Failure.warn("\(error)")
                }
            case .text(let text):
                let asked = talk.asking(text)
                do {
                    let answer = try await view.show(
                        model.stream(
                            Inquiry(
                                .conversation(asked.conversation), sources: asked.sources, maxTiles: pictures.maxTiles,
                                answer: generation.answerOptions())))
                    talk = asked.answered(answer.text)
                } catch let error as MonocleError where error.kind == .input {
                    Failure.warn(error.description)  // the conversation goes on without the message at fault
                }
            }
        }
    }

    private func prompt() -> String? {
        if isatty(STDIN_FILENO) == 1 { FileHandle.standardError.write(Data("> ".utf8)) }
        return readLine()
    }
}

/// One line a person typed.
private enum Line {
    case nothing
    case text(String)
    case image(path: String, page: Int?)
    case system(String)
    case clear
    case quit
    case unknown(String)

    init(_ line: String) {
        let line = line.trimmingCharacters(in: .whitespaces)
        guard line.hasPrefix("/") else {
            self = line.isEmpty ? .nothing : .text(line)
            return
        }
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : ""
        switch words[0] {
        case "/image" where !rest.isEmpty: self = Self.image(rest)
        case "/system" where !rest.isEmpty: self = .system(rest)
        case "/clear": self = .clear
        case "/quit", "/exit": self = .quit
        default: self = .unknown(words[0])
        }
    }

    /// A file, and a page when the last word is a number and the rest names a file.
    private static func image(_ rest: String) -> Line {
        if let space = rest.lastIndex(of: " "), let page = Int(rest[rest.index(after: space)...]), page > 0,
            !FileManager.default.fileExists(atPath: rest)
        {
            return .image(path: rest[..<space].trimmingCharacters(in: .whitespaces), page: page)
        }
        return .image(path: rest, page: nil)
    }
}

/// The conversation so far and the images it refers to.
private struct Talk {
    let system: String?
    private(set) var sources: [Inquiry.Source] = []
    private var messages: [Message]
    private var pending: [Int] = []

    init(system: String?) {
        self.system = system
        messages = system.map { [Message(.system, $0)] } ?? []
    }

    var conversation: Conversation { Conversation(messages) }

    mutating func add(_ source: Inquiry.Source) {
        pending.append(sources.count)
        sources.append(source)
    }

    func asking(_ text: String) -> Talk {
        var next = self
        next.messages.append(Message(.user, pending.map { .image($0) } + [.text(text)]))
        next.pending = []
        return next
    }

    func answered(_ text: String) -> Talk {
        var next = self
        next.messages.append(Message(.assistant, text))
        return next
    }
}
