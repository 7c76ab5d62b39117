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

    /// The files as sources, each PDF with the pages asked for.
    /// - Throws: `UsageError` when pages are asked for and no file is a PDF.
    func sources(_ files: [(url: URL, detail: Detail)]) throws -> [Inquiry.Source] {
        let isPDF = files.map { ImageLoader.isPDF($0.url) }
        guard page == nil || isPDF.contains(true) else {
            throw UsageError("--page was given, but none of the files is a PDF: only a PDF has pages")
        }
        return zip(files, isPDF).map { file, isPDF in
            Inquiry.Source(.file(file.url), pages: isPDF ? page?.pages : nil, detail: file.detail)
        }
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
