// What a person asks: text, images, and how to answer. Knows nothing of tokens.

public import Foundation

/// A question about images, or about nothing but its text.
public struct Question: Sendable {
    public var text: String
    /// Instructions before the conversation.
    public var system: String?
    public var attachments: [Attachment]
    public var imageOptions: ImageOptions
    public var answer: AnswerOptions

    public init(
        _ text: String, system: String? = nil, attachments: [Attachment] = [],
        imageOptions: ImageOptions = ImageOptions(), answer: AnswerOptions = AnswerOptions()
    ) {
        self.text = text
        self.system = system
        self.attachments = attachments
        self.imageOptions = imageOptions
        self.answer = answer
    }
}

/// An image file (JPEG, PNG, WebP), pages of a PDF, or a video (MP4, QuickTime, WebM, Matroska, AVI).
///
/// A video is looked at as frames of one tile each; the programs `ffmpeg` and `ffprobe` decode it.
public struct Attachment: Sendable {
    /// Frames of a video where none are asked for.
    public static let standardFrames = 8

    public var file: URL
    /// Pages of a PDF, counted from 1; nil is the first. Others have none.
    public var pages: ClosedRange<Int>?
    /// Frames of a video to look at, spread evenly from its first to its last; nil is `standardFrames`. A video that has
    /// fewer is looked at whole. Others have none.
    public var frames: Int?

    public init(_ file: URL, pages: ClosedRange<Int>? = nil, frames: Int? = nil) {
        self.file = file
        self.pages = pages
        self.frames = frames
    }
}

/// How much of an image the model sees.
public struct ImageOptions: Sendable {
    public enum Detail: String, Sendable, CaseIterable {
        /// One tile.
        case low
        /// As many tiles as show more.
        case high
        /// The rule the model was trained with.
        case auto
    }
    public var detail: Detail
    /// Tiles of an image at most, its thumbnail not counted; nil takes the model's limit (12).
    public var maxTiles: Int?

    public init(detail: Detail = .auto, maxTiles: Int? = nil) {
        self.detail = detail
        self.maxTiles = maxTiles
    }
}

/// How the answer is generated. Nil takes the model folder's `generation_config.json`, or else the value named.
public struct AnswerOptions: Sendable {
    /// 0 is greedy. Default: the folder's, or 0.
    public var temperature: Float?
    /// Default: the folder's, or 1.
    public var topP: Float?
    /// 0 keeps every token. Default: the folder's, or 0.
    public var topK: Int?
    /// Default: the folder's, or 0.
    public var minP: Float?
    /// Default: the folder's, or 1.
    public var repetitionPenalty: Float?
    public var seed: UInt64
    /// Tokens at most.
    public var maxTokens: Int
    /// Strings that end the answer; they are not part of it.
    public var stop: [String]
    /// Goes on after the model's own end tokens, up to `maxTokens`.
    public var ignoresEnd: Bool
    /// Most likely tokens to report with each token's log-probability; nil reports none. 0...20.
    public var logprobs: Int?

    public init(
        temperature: Float? = nil, topP: Float? = nil, topK: Int? = nil, minP: Float? = nil,
        repetitionPenalty: Float? = nil, seed: UInt64 = 0, maxTokens: Int = 1024, stop: [String] = [],
        ignoresEnd: Bool = false, logprobs: Int? = nil
    ) {
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.seed = seed
        self.maxTokens = maxTokens
        self.stop = stop
        self.ignoresEnd = ignoresEnd
        self.logprobs = logprobs
    }
}
