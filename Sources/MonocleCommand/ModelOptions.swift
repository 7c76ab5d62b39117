// Options several verbs share: which model, how it runs, how it answers.

public import ArgumentParser
import Foundation
import Imaging
public import Monocle

/// `--model DIR`, or `$MONOCLE_MODEL`.
struct ModelFolderOption: ParsableArguments {
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "A published checkpoint folder. Default: $MONOCLE_MODEL, or the small model that ships with Monocle.",
            valueName: "dir"))
    var path: String?

    func url() throws -> URL { try Self.url(path) }

    /// The folder named on the command line or in the environment, or the model that ships with Monocle.
    static func url(_ path: String?) throws -> URL {
        if let path = path ?? ProcessInfo.processInfo.environment["MONOCLE_MODEL"], !path.isEmpty {
            return URL(filePath: path, directoryHint: .isDirectory)
        }
        guard let url = EmbeddedModel.url else {
            throw UsageError(
                """
                no model: name a checkpoint folder with --model DIR or in $MONOCLE_MODEL; the model that ships with \
                Monocle is not beside the program (monocle_Monocle.resources)
                """)
        }
        return url
    }
}

extension ArithmeticPrecision: ExpressibleByArgument {}
extension KeyValueCacheType: ExpressibleByArgument {}
extension ImageOptions.Detail: ExpressibleByArgument {}

/// How a model is loaded.
struct RunOptions: ParsableArguments {
    @OptionGroup var folder: ModelFolderOption

    @Option(help: "Arithmetic of linear layers: auto is w4a16, or w4a8 on AVX2; see docs/precision.md.")
    var precision: ArithmeticPrecision = .auto

    @Option(help: "Threads to compute with. Default: every usable core. Results do not depend on it.")
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Room for prompt and answer together. Default: 16384, or less when the model ends before.",
            valueName: "tokens"))
    var context: Int?

    @Option(help: "Key-value cache: auto is bf16; fp8 needs a checkpoint that declares it.")
    var kvCache: KeyValueCacheType = .auto

    @Option(help: ArgumentHelp("Prompt tokens run at once. Results do not depend on it.", valueName: "tokens"))
    var prefillChunk = 512

    @Option(help: "Resample the encoder's position table with aligned corners, as in training.")
    var alignCorners = true

    @Flag(
        inversion: .prefixedNo,
        help: """
            Keep an int8 copy of lm_head in memory, half its bytes, for greedy answers to read instead. Results do not \
            depend on it.
            """)
    var lmHeadCopy = true

    var loadOptions: LoadOptions {
        LoadOptions(
            precision: precision, threads: threads, context: context, keyValueCache: kvCache,
            prefillChunk: prefillChunk, alignCorners: alignCorners, lmHeadCopy: lmHeadCopy)
    }
}

/// How the answer is generated.
struct GenerationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Tokens to generate at most.", valueName: "tokens"))
    var maxTokens = 1024

    @Option(help: "0 is greedy. Default: the folder's generation_config.json, or 0.")
    var temperature: Float?

    @Option(
        name: .customLong("top-p"), help: "Keep the most likely tokens up to this share. Default: the folder's, or 1.")
    var topP: Float?

    @Option(name: .customLong("top-k"), help: "Keep this many tokens; 0 keeps all. Default: the folder's, or 0.")
    var topK: Int?

    @Option(name: .customLong("min-p"), help: "Drop tokens below this share of the most likely one's. Default: 0.")
    var minP: Float?

    @Option(help: "Above 1 turns away from tokens already used. Default: the folder's, or 1.")
    var repetitionPenalty: Float?

    @Option(help: "The same seed, question and options give the same answer.")
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("End the answer before this text; may be given several times.", valueName: "text"))
    var stop: [String] = []

    @Flag(help: "Go on after the model's end tokens, up to --max-tokens.")
    var ignoreEos = false

    func answerOptions(logprobs: Int? = nil) -> AnswerOptions {
        AnswerOptions(
            temperature: temperature, topP: topP, topK: topK, minP: minP, repetitionPenalty: repetitionPenalty,
            seed: seed,
            maxTokens: maxTokens, stop: stop, ignoresEnd: ignoreEos, logprobs: logprobs)
    }
}

/// How much of an image the model sees.
struct PictureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Tiles of an image at most, the thumbnail not counted. Default: the model's limit.", valueName: "n"))
    var maxTiles: Int?

    @Option(help: "low: one tile; high: as many tiles as show more; auto: the rule the model was trained with.")
    var detail: ImageOptions.Detail = .auto

    @Option(help: ArgumentHelp("Page of each PDF, or a range such as 2-4.", valueName: "page"))
    var page: PageRange?

    @Option(
        help: ArgumentHelp(
            "Frames of each video, spread from its first to its last, a tile each. Default: 8.", valueName: "n"))
    var frames: Int?

    /// The files as sources, each PDF with the pages and each video with the frames asked for.
    /// - Throws: `UsageError` when pages are asked for and no file is a PDF, or frames and no file is a video.
    func sources(_ files: [(url: URL, detail: Detail)]) throws -> [Inquiry.Source] {
        let sources = files.map { self.source(.file($0.url), detail: $0.detail) }
        guard page == nil || sources.contains(where: { $0.pages != nil }) else {
            throw UsageError("--page was given, but none of the files is a PDF: only a PDF has pages")
        }
        guard frames == nil || sources.contains(where: { $0.frames != nil }) else {
            throw UsageError("--frames was given, but none of the files is a video: only a video has frames")
        }
        return sources
    }

    /// A source with the pages asked for if it is a PDF, and the frames asked for if it is a video.
    func source(_ image: ImageSource, detail: Detail) -> Inquiry.Source {
        let format = ImageLoader.format(of: image)
        return Inquiry.Source(
            image, pages: format == .pdf ? page?.pages : nil,
            frames: format?.isVideo == true ? frames.map { .upTo($0) } : nil, detail: detail)
    }

    /// - Throws: `UsageError` when a number is out of range.
    func validate() throws {
        guard let frames, frames < 1 else { return }
        throw ValidationError("--frames is \(frames); it must be 1 or more")
    }
}

/// `2` or `2-4`.
struct PageRange: ExpressibleByArgument {
    let pages: ClosedRange<Int>

    init?(argument: String) {
        let bounds = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard bounds.count <= 2, let first = bounds.first ?? nil, let last = bounds.last ?? nil, first >= 1,
            last >= first
        else { return nil }
        pages = first...last
    }
}
