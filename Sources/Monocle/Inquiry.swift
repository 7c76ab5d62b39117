// A question in the form all ways of asking share: a prompt with its images. Knows nothing of tiles or tokens.

import Foundation
package import Imaging
package import Prompting

/// What `Question`, a list of OpenAI messages and a raw prompt become before anything is decoded.
package struct Inquiry: Sendable {
    package enum Prompt: Sendable {
        /// One user turn after an optional system message; every image of every source comes before the text.
        case question(String, system: String?)
        /// A conversation whose image parts count the sources; a document stands for its pages. When `continuing`, the last
        /// message is gone on with.
        case conversation(Conversation, continuing: Bool = false)
        /// Token ids as they are; there are no sources then.
        case tokens([Int32])
        /// Text without a chat template.
        case raw(String)
    }

    package struct Source: Sendable {
        package var image: ImageSource
        package var pages: ClosedRange<Int>?
        /// Which frames of a video; nil leaves the choice to `Attachment.standardFrames`.
        package var frames: FrameSelection?
        package var detail: Detail
        /// Tiles of the grid at most, where this image has a bound of its own.
        package var maxTiles: Int?

        package init(
            _ image: ImageSource, pages: ClosedRange<Int>? = nil, frames: FrameSelection? = nil, detail: Detail,
            maxTiles: Int? = nil
        ) {
            self.image = image
            self.pages = pages
            self.frames = frames
            self.detail = detail
            self.maxTiles = maxTiles
        }

        /// What a part of a message refers to.
        package init(
            _ image: ImageSource, _ attachment: OpenAIMessages.Attachment, pages: ClosedRange<Int>? = nil,
            frames: FrameSelection? = nil
        ) {
            self.init(
                image, pages: attachment.pages ?? pages, frames: attachment.frames.map { .upTo($0) } ?? frames,
                detail: Detail(attachment.detail), maxTiles: attachment.maxTiles)
        }
    }

    package var prompt: Prompt
    package var sources: [Source]
    package var maxTiles: Int?
    package var answer: AnswerOptions
    /// Whether text may spell control tokens, as in vLLM.
    package var special: Bool

    package init(
        _ prompt: Prompt, sources: [Source] = [], maxTiles: Int? = nil, answer: AnswerOptions = AnswerOptions(),
        special: Bool = false
    ) {
        self.prompt = prompt
        self.sources = sources
        self.maxTiles = maxTiles
        self.answer = answer
        self.special = special
    }

    init(_ question: Question) {
        let detail = Detail(question.imageOptions.detail)
        self.init(
            .question(question.text, system: question.system),
            sources: question.attachments.map { attachment in
                Source(
                    .file(attachment.file), pages: attachment.pages, frames: attachment.frames.map { .upTo($0) },
                    detail: detail)
            },
            maxTiles: question.imageOptions.maxTiles, answer: question.answer)
    }
}

extension Detail {
    package init(_ detail: OpenAIMessages.Detail) {
        switch detail {
        case .low: self = .low
        case .high: self = .high
        case .auto: self = .auto
        }
    }

    package init(_ detail: ImageOptions.Detail) {
        switch detail {
        case .low: self = .low
        case .high: self = .high
        case .auto: self = .auto
        }
    }
}
