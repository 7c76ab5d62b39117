// From an inquiry to a request of the engine: images decoded and cut, the prompt laid out. Knows no arithmetic.

import Checkpoint
package import Engine
import Foundation
package import Imaging
package import Prompting

/// A request ready for the engine, and what is known about it before it runs.
package struct PreparedRequest: Sendable {
    package var request: GenerationRequest
    package let images: [ImageUse]
    /// Positions of each image's embeddings in the prompt.
    package let imageSpans: [Range<Int>]
    package let textTokens: Int
    package let controlTokens: Int
    package let imageTokens: Int
    /// Time to decode and cut the images.
    package let imagesSeconds: Double
}

extension VisionLanguageModel {
    /// Decodes the images, plans their tiles and lays out the prompt.
    /// - Parameters:
    ///   - kept: images that need not be decoded again; always given with the same loader.
    ///   - salt: whose images are kept apart from those of other salts.
    /// - Throws: `ImagingError`, `PromptingError` or `MonocleError`; nothing has been computed then.
    package func prepare(
        _ inquiry: Inquiry, loader: ImageLoader = ImageLoader(), kept: CutImages? = nil, salt: String = ""
    ) throws -> PreparedRequest {
        try check(inquiry)
        let start = ContinuousClock.now
        let perSource: [[CutImage]] = try inquiry.sources.map { source in
            guard let kept else { return try cutImages(of: source, inquiry.maxTiles, loader) }
            return try kept.images(CutImages.key(source, maxTiles: inquiry.maxTiles, salt: salt)) {
                try cutImages(of: source, inquiry.maxTiles, loader)
            }
        }
        let cut = perSource.flatMap(\.self)
        let names = zip(inquiry.sources, perSource).flatMap { source, images in images.map { _ in source.image.name } }
        let imagesSeconds = (ContinuousClock.now - start) / .seconds(1)
        let tokensPerTile = folder.configuration.vision?.tokensPerTile ?? 0
        if case .tokens(let ids) = inquiry.prompt { return try prepare(tokens: ids, inquiry.answer) }
        let plan = try PromptPlan(
            try segments(of: inquiry, imagesPerSource: perSource.map(\.count)), tokenizer: tokenizer,
            tokensPerTile: tokensPerTile,
            tiles: cut.map(\.content.tiles), contextLimit: context, special: inquiry.special)
        let request = GenerationRequest(
            prompt: plan.ids,
            images: plan.imageSpans.map { span in
                GenerationRequest.Image(rows: Array(span.positions), content: cut[span.image].content)
            },
            sampling: sampling(inquiry.answer), maxTokens: inquiry.answer.maxTokens,
            stopTokens: inquiry.answer.ignoresEnd ? [] : endTokens, stopStrings: inquiry.answer.stop,
            logprobs: inquiry.answer.logprobs)
        return PreparedRequest(
            request: request, images: zip(cut, names).map { $0.use(file: $1, tokensPerTile: tokensPerTile) },
            imageSpans: plan.imageSpans.map(\.positions), textTokens: plan.textTokens,
            controlTokens: plan.controlTokens, imageTokens: plan.imageTokens, imagesSeconds: imagesSeconds)
    }

    /// The same; the child processes that decode end when the task is cancelled.
    func prepareWhileWanted(_ inquiry: Inquiry) async throws -> PreparedRequest {
        let leash = ChildLeash()
        var loader = ImageLoader()
        loader.pdf.leash = leash
        loader.video.leash = leash
        return try await withTaskCancellationHandler {
            try prepare(inquiry, loader: loader)
        } onCancel: {
            leash.pull()
        }
    }

    private func prepare(tokens ids: [Int32], _ answer: AnswerOptions) throws -> PreparedRequest {
        guard ids.count < context else {
            throw PromptingError.tooLong(text: ids.count, control: 0, image: 0, limit: context)
        }
        let control = ids.count(where: tokenizer.isSpecial)
        let request = GenerationRequest(
            prompt: ids, sampling: sampling(answer), maxTokens: answer.maxTokens,
            stopTokens: answer.ignoresEnd ? [] : endTokens, stopStrings: answer.stop, logprobs: answer.logprobs)
        return PreparedRequest(
            request: request, images: [], imageSpans: [], textTokens: ids.count - control, controlTokens: control,
            imageTokens: 0, imagesSeconds: 0)
    }

    private func check(_ inquiry: Inquiry) throws {
        guard inquiry.sources.isEmpty || folder.vision != nil else {
            throw MonocleError(.input, "the model is text-only: it cannot look at \(inquiry.sources[0].image.name)")
        }
        guard inquiry.answer.maxTokens >= 1 else {
            throw MonocleError(.input, "max-tokens is \(inquiry.answer.maxTokens); it must be 1 or more")
        }
        if let count = inquiry.answer.logprobs, !(0...20).contains(count) {
            throw MonocleError(.input, "logprobs is \(count); it must be 0 to 20")
        }
        let text =
            switch inquiry.prompt {
            case .question(let text, _), .raw(let text): text
            case .conversation, .tokens: "a conversation is checked where it is read"
            }
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw MonocleError(.input, "the question is empty; say what you want to know")
        }
    }

    /// One image for an image file, one for each page of a PDF, and one whose tiles are the frames for a video: the model was
    /// evaluated with the frames of a video in one span of the prompt.
    private func cutImages(of source: Inquiry.Source, _ maxTiles: Int?, _ loader: ImageLoader) throws -> [CutImage] {
        guard let vision = folder.configuration.vision else { throw MonocleError(.input, "the model is text-only") }
        if ImageLoader.format(of: source.image)?.isVideo == true {
            let frames = source.frames ?? .upTo(min(Attachment.standardFrames, loader.video.limits.frames))
            return [try CutImage(framesOf: source.image, frames, pages: source.pages, side: vision.tileSize, loader)]
        }
        return try loader.load(source.image, pages: source.pages, frames: source.frames).map { image in
            let plan = try TilePlan(
                width: image.width, height: image.height, tileSize: vision.tileSize,
                maxTiles: source.maxTiles ?? maxTiles ?? vision.maxTiles,
                useThumbnail: vision.usesThumbnail, detail: source.detail)
            return CutImage(image, plan: plan)
        }
    }

    private func segments(of inquiry: Inquiry, imagesPerSource counts: [Int]) throws -> [Segment] {
        let renderer = Llama31Renderer(special: inquiry.special)
        let imageCount = counts.reduce(0, +)
        switch inquiry.prompt {
        case .raw(let text):
            return try RawPrompt.segments(text, imageCount: imageCount, tokenizer: tokenizer, special: inquiry.special)
        case .conversation(let conversation, let continuing):
            return try renderer.segments(for: conversation.expanding(counts), continuing: continuing)
        case .tokens: return []
        case .question(let text, let system):
            let turn = Message(.user, (0..<imageCount).map { .image($0) } + [.text(text)])
            return try renderer.segments(for: Conversation((system.map { [Message(.system, $0)] } ?? []) + [turn]))
        }
    }

    /// Ids that end an answer: those of the configuration and the tokenizer's end token.
    private var endTokens: Set<Int32> {
        let configured = folder.configuration.endTokens.compactMap { Int32(exactly: $0) }
        let named = folder.configuration.tokenizer.endToken.flatMap { tokenizer.id(ofAdded: $0) }
        return Set(configured + [named].compactMap(\.self))
    }

    /// The caller's choice, or else the folder's, or else greedy.
    private func sampling(_ answer: AnswerOptions) -> SamplingParameters {
        let defaults = folder.configuration.generation
        let temperature: Float =
            defaults.samples == false ? 0 : defaults.temperature.map { Float($0) } ?? (defaults.samples == true ? 1 : 0)
        return SamplingParameters(
            temperature: answer.temperature ?? temperature,
            topP: answer.topP ?? defaults.topP.map { Float($0) } ?? 1,
            topK: answer.topK ?? defaults.topK ?? 0,
            minP: answer.minP ?? defaults.minP.map { Float($0) } ?? 0,
            repetitionPenalty: answer.repetitionPenalty ?? defaults.repetitionPenalty.map { Float($0) } ?? 1,
            seed: answer.seed)
    }
}

extension Conversation {
    /// Each source's part as one part for each of its images.
    fileprivate func expanding(_ counts: [Int]) -> Conversation {
        guard counts.contains(where: { $0 != 1 }) else { return self }
        var firsts = [0]
        for count in counts { firsts.append((firsts.last ?? 0) + count) }
        var result = self
        for index in result.messages.indices {
            result.messages[index].content = result.messages[index].content.flatMap { part in
                guard case .image(let source) = part, counts.indices.contains(source) else { return [part] }
                return (firsts[source]..<firsts[source + 1]).map { .image($0) }
            }
        }
        return result
    }
}
