// The prompts of `monocle bench serve`: documents drawn, images of a folder, or text. Knows flags, no endpoint.

import ArgumentParser
import Benchmarking
import Documents
import Foundation
import Imaging
import Monocle
import Numerics
import OpenAIClient

struct LoadPrompts: ParsableArguments {
    @Option(help: "Images of a request; 0 asks about text alone.")
    var images = 1

    @Option(
        help: ArgumentHelp(
            "Take the JPEG, PNG and WebP files of this folder instead of drawing documents.", valueName: "dir"))
    var folder: String?

    @Option(help: "Different prompts; they are asked in turn. Default: every request has its own.")
    var different: Int?

    @Option(help: "Level of drawn documents: 0 (one tile) to 4 (up to twelve).")
    var level = 2

    @Option(help: "Side of a tile of drawn documents: the model's own shows them as they are.")
    var tileSize = 128

    @Option(help: "How much of an image is looked at. Default: not said.")
    var detail: ImageOptions.Detail?

    @Option(help: "Words of text before the question.")
    var words = 0

    @Option(help: "The question. Default: that of the drawn document.")
    var question: String?

    @Option(help: ArgumentHelp("Tokens of an answer: a number, or a range to draw from.", valueName: "n-n"))
    var outputTokens = TokenRange(tokens: 64...64)

    @Flag(help: "Let answers end where the model ends them, instead of asking for all of --output-tokens (ignore_eos).")
    var naturalEnd = false

    func validate() throws {
        guard (0...16).contains(images) else { throw ValidationError("--images is \(images); expected 0 to 16") }
        guard (0...1_000_000).contains(words) else {
            throw ValidationError("--words is \(words); expected 0 to 1000000")
        }
        guard different ?? 1 >= 1 else { throw ValidationError("--different is \(different ?? 0); expected 1 or more") }
        guard images > 0 || folder == nil else {
            throw ValidationError("--folder has images, and --images 0 asks for none")
        }
    }

    /// The body of each request; equal ones are one in memory.
    func bodies(_ prompts: [[ChatCall.Message]], _ count: Int, model: String, seed: UInt64) throws -> [Data] {
        struct Place: Hashable {
            let prompt: Int
            let tokens: Int
        }
        var random = SplitMix64(seed: seed)
        var made: [Place: Data] = [:]
        return try (0..<count).map { index in
            let place = Place(
                prompt: index % prompts.count, tokens: Int.random(in: outputTokens.tokens, using: &random))
            if let body = made[place] { return body }
            let call = ChatCall(
                prompts[place.prompt], maxTokens: place.tokens, temperature: 0, ignoresEnd: !naturalEnd)
            let body = try call.body(model: model)
            made[place] = body
            return body
        }
    }

    /// The different prompts, at most `count`.
    /// - Parameter drawn: is told how many are ready.
    func prompts(_ count: Int, seed: UInt64, drawn: (Int) -> Void) throws -> [[ChatCall.Message]] {
        let source = try source(seed)
        return try (0..<min(different ?? count, count)).map { index in
            defer { drawn(index + 1) }
            var (parts, question) = try source.parts(index, images)
            if words > 0 { parts.append(.text(text(words, seed: seed &+ UInt64(index)))) }
            parts.append(.text(self.question ?? question))
            return [ChatCall.Message("user", parts)]
        }
    }

    private func source(_ seed: UInt64) throws -> any PromptSource {
        if images == 0 { return TextPrompts() }
        if let folder { return try FolderPrompts(folder, detail: detail?.rawValue) }
        return DrawnPrompts(
            generator: try DocumentGenerator(seed: seed, split: .test, level: level, tileSize: tileSize),
            detail: detail?.rawValue)
    }

    private func text(_ words: Int, seed: UInt64) -> String {
        let text = SyntheticText.english(bytes: 12 * words, seed: seed)
        return text.split(separator: " ").prefix(words).joined(separator: " ")
    }
}

/// Where images and their question come from.
private protocol PromptSource {
    func parts(_ index: Int, _ images: Int) throws -> (parts: [ChatCall.Part], question: String)
}

private struct TextPrompts: PromptSource {
    func parts(_ index: Int, _ images: Int) -> (parts: [ChatCall.Part], question: String) {
        ([], "Say something about number \(index).")
    }
}

private struct DrawnPrompts: PromptSource {
    let generator: DocumentGenerator
    let detail: String?

    func parts(_ index: Int, _ images: Int) throws -> (parts: [ChatCall.Part], question: String) {
        var pictures: [Picture] = []
        var question = ""
        // Documents of one image each; the others of the supply are frames of videos.
        let families = Family.standard.filter { $0 != .video }
        for place in 0..<images {
            let number = index * images + place
            let sample = try generator.sample(at: UInt64(number), family: families[number % families.count])
            pictures += sample.images
            question = sample.question
        }
        let images = try pictures.map { picture -> ChatCall.Part in
            let pixels = PixelImage(width: picture.width, height: picture.height, pixels: picture.pixels)
            return .image(try pixels.png(), type: "image/png", detail: detail)
        }
        return (images, question)
    }
}

private struct FolderPrompts: PromptSource {
    private let files: [(url: URL, type: String)]
    private let detail: String?

    init(_ path: String, detail: String?) throws {
        self.detail = detail
        let types = ["jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"]
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw UsageError("--folder \(path): cannot be read: \((error as NSError).localizedDescription)")
        }
        files = names.sorted().compactMap { name in
            let url = URL(filePath: path).appending(path: name)
            return types[url.pathExtension.lowercased()].map { (url, $0) }
        }
        guard !files.isEmpty else { throw UsageError("--folder \(path): found no .jpg, .jpeg, .png or .webp file") }
    }

    func parts(_ index: Int, _ images: Int) throws -> (parts: [ChatCall.Part], question: String) {
        let parts: [ChatCall.Part] = try (0..<images).map { place in
            let file = files[(index * images + place) % files.count]
            do {
                return .image(try Data(contentsOf: file.url), type: file.type, detail: detail)
            } catch {
                throw UsageError("\(file.url.path): cannot be read: \((error as NSError).localizedDescription)")
            }
        }
        return (parts, "What does it say?")
    }
}

/// `64` or `16-128`: each 1 to 131072.
struct TokenRange: ExpressibleByArgument {
    let tokens: ClosedRange<Int>

    init(tokens: ClosedRange<Int>) { self.tokens = tokens }

    init?(argument: String) {
        let bounds = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard bounds.count <= 2, let first = bounds.first, let last = bounds.last, first >= 1, last >= first,
            last <= 131_072
        else { return nil }
        tokens = first...last
    }

    var defaultValueDescription: String {
        tokens.count == 1 ? "\(tokens.lowerBound)" : "\(tokens.lowerBound)-\(tokens.upperBound)"
    }
}
