// From a checked request to the engine's: images, prompt, parameters. The one path of all routes that ask the model.

import Engine
import Foundation
import Imaging
import Monocle
import OpenAIAPI
import Prompting

/// What a route asks of the model, whatever its form.
struct Ask: Sendable {
    var prompt: Inquiry.Prompt
    var attachments: [OpenAIMessages.Attachment] = []
    var maxTiles: Int?
    var sampling: SamplingFields
    var logprobs: Int?
    var format = OutputFormat.text
    var tools: ToolFields?
    var cacheSalt: String?
    /// Field of the prompt, for errors.
    var param: String

    /// A chat, with its tools described before what the user says first.
    init(_ chat: ChatRequest) {
        var messages = chat.messages
        if let tools = chat.tools {
            messages.prepend(toFirstUserTurn: ToolPrompt.instructions(tools.tools.map(\.function)))
        }
        prompt = .conversation(messages.conversation, continuing: chat.continuesFinalMessage)
        attachments = messages.attachments
        maxTiles = chat.maxTiles
        sampling = chat.sampling
        logprobs = chat.logprobs
        format = chat.format
        tools = chat.tools
        cacheSalt = chat.cacheSalt
        param = "messages"
    }

    init(_ completion: CompletionRequest) {
        switch completion.prompt {
        case .text(let text): prompt = .raw(text)
        case .tokens(let ids): prompt = .tokens(ids)
        }
        sampling = completion.sampling
        logprobs = completion.logprobs
        format = completion.format
        cacheSalt = completion.cacheSalt
        param = "prompt"
    }
}

extension ServerState {
    /// Decodes the images and lays out the prompt; nothing has run through the model then.
    func prepare(_ ask: Ask) async throws -> PreparedRequest {
        let sources = try await media.sources(ask.attachments)
        let shares = sources.isEmpty ? [] : try await media.reserve(sources)
        let leash = ChildLeash()
        let prepared = try await withTaskCancellationHandler {
            try await (sources.isEmpty ? workers : decoders).runIfActive { [model, media] in
                try model.prepare(
                    Inquiry(ask.prompt, sources: sources, maxTiles: ask.maxTiles, answer: Self.options(ask)),
                    loader: media.loader(on: leash), kept: media.kept, salt: ask.cacheSalt ?? "")
            }
        } onCancel: {
            leash.pull()
        }
        withExtendedLifetime(shares) {}
        try check(prepared, ask)
        metrics.observe(.images, prepared.imagesSeconds)
        metrics.add(prepared.images.count, to: .images)
        metrics.add(prepared.images.reduce(0) { $0 + $1.tiles }, to: .tiles)
        return prepared
    }

    private func check(_ prepared: PreparedRequest, _ ask: Ask) throws(APIError) {
        let stills = prepared.images.count { $0.frames == nil }
        guard stills <= limits[.images] else {
            throw APIError(
                400, "too_many_images", param: ask.param,
                "the request has \(stills) images and pages; the limit images is \(limits[.images])")
        }
        guard let wanted = ask.sampling.maxTokens, wanted > model.context - prepared.request.prompt.count else {
            return
        }
        throw APIError(
            400, "context_length_exceeded", param: ask.sampling.maxTokensName,
            """
            the prompt takes \(prepared.request.prompt.count) tokens (\(prepared.textTokens) text, \
            \(prepared.controlTokens) control, \(prepared.imageTokens) image) and \(ask.sampling.maxTokensName) is \
            \(wanted): more than the context of \(model.context). Ask for at most \
            \(model.context - prepared.request.prompt.count) tokens, fewer images or fewer tiles
            """)
    }

    private static func options(_ ask: Ask) -> AnswerOptions {
        let sampling = ask.sampling
        return AnswerOptions(
            temperature: sampling.temperature.map { Float($0) }, topP: sampling.topP.map { Float($0) },
            topK: sampling.topK, minP: sampling.minP.map { Float($0) },
            repetitionPenalty: sampling.repetitionPenalty.map { Float($0) },
            maxTokens: sampling.maxTokens ?? Int(Int32.max), stop: sampling.stop, ignoresEnd: sampling.ignoresEnd,
            logprobs: ask.logprobs)
    }

    /// One request of the engine for each choice.
    func requests(_ prepared: PreparedRequest, _ ask: Ask, id: String) throws -> [GenerationRequest] {
        let constraint = try self.constraint(ask)
        let seed = ask.sampling.seed.map { UInt64($0) } ?? UInt64.random(in: 0...UInt64(Int64.max))
        return (0..<ask.sampling.choices).map { choice in
            var request = prepared.request
            request.apply(ask.sampling, seed: seed &+ UInt64(choice))
            request.constraint = constraint
            request.cacheSalt = ask.cacheSalt ?? ""
            request.id = "\(id)-\(choice)"
            let now = ContinuousClock.now
            request.deadline = now + .seconds(limits[.requestSeconds])
            request.startDeadline = now + .seconds(limits[.queueSeconds])
            return request
        }
    }

    /// The deltas of all choices, each with its choice's number, in the order they come.
    func deltas(of requests: [GenerationRequest]) -> AsyncThrowingStream<(choice: Int, delta: Delta), any Error> {
        let streams = requests.map(model.submit)
        return AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for (choice, stream) in streams.enumerated() {
                            group.addTask {
                                for try await delta in stream { continuation.yield((choice, delta)) }
                            }
                        }
                        try await group.waitForAll()
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
