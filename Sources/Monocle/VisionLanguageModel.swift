// A model that answers: the library's door. Knows folders, questions and answers; the work is done in the rooms below.

package import Checkpoint
package import Compute
package import Engine
public import Foundation
import Model
import Numerics
import Prompting
package import Tokenization

/// A vision-language model loaded from a published checkpoint folder.
///
/// ```swift
/// let model = try VisionLanguageModel(loading: URL(filePath: "Llama-3.1-Nemotron-Nano-VL-8B-V1-FP4-QAD"))
/// let answer = try await model.ask(Question("What is the total?", attachments: [Attachment(URL(filePath: "receipt.png"))]))
/// print(answer.text)
/// ```
///
/// Weights stay in the mapped files. Questions asked at the same time share steps; an answer does not depend on its
/// company.
public final class VisionLanguageModel: Sendable {
    package let folder: CheckpointFolder
    package let tokenizer: Tokenizer
    package let backend: CPUBackend
    /// Tokens of prompt and answer together.
    public let context: Int
    let engine: Engine

    /// Maps and checks a folder, and reserves the key-value cache.
    /// - Throws: `MonocleError` naming the file, tensor or option at fault.
    public convenience init(loading url: URL, options: LoadOptions = LoadOptions()) throws(MonocleError) {
        do {
            try self.init(folder: CheckpointFolder(at: url), options: options)
        } catch {
            throw MonocleError(error)
        }
    }

    package init(folder: CheckpointFolder, options: LoadOptions) throws {
        try options.check()
        try options.checkSharing()
        self.folder = folder
        let longest = folder.configuration.language.maxPositions
        context = options.context ?? min(longest, ModelConfiguration.statedContext)
        guard (16...(1 << 20)).contains(context) else {
            throw MonocleError(.input, "the context is \(context) tokens; it must be 16 to \(1 << 20)")
        }
        tokenizer = try Tokenizer(contentsOf: folder.tokenizerURL)
        let instructions = try InstructionSet.fromEnvironment()
        let precision = options.precision.resolved(on: instructions)
        backend = try CPUBackend(threads: options.threads, isa: instructions, precision: precision)
        let keyValueType = try options.keyValueType(precision, folder)
        let sharing = options.sharing
        let memory = MemorySum(
            folder, context: max(context, sharing.cacheTokens ?? 0), keyValueType: keyValueType,
            prefillChunk: options.prefillChunk, copiesHead: options.lmHeadCopy,
            keptEmbeddings: EngineOptions.standardImageCacheBytes, keptTiles: sharing.keptImageBytes)
        if let host = HostMemory.current(), let obstacle = memory.obstacle(in: host) {
            throw MonocleError(.device, obstacle + "; lower --context, or free memory")
        }
        var engineOptions = EngineOptions(
            context: context, stepTokens: options.prefillChunk, keyValueType: keyValueType,
            cacheTokens: sharing.cacheTokens, maxWaitingTokens: sharing.maxWaitingTokens,
            readsLargestLogit: options.lmHeadCopy)
        engineOptions.running = sharing.running ?? engineOptions.running
        engineOptions.maxWaiting = sharing.maxWaiting ?? engineOptions.maxWaiting
        engineOptions.drafts = sharing.drafts ?? engineOptions.drafts
        engine = try Engine(
            model: try NemotronNanoVL(folder, alignCorners: options.alignCorners), tokenizer: tokenizer,
            backend: backend, options: engineOptions)
    }

    /// Warnings about the folder that keep nothing from working.
    public var warnings: [String] {
        var warnings = folder.warnings
        if let template = folder.configuration.tokenizer.chatTemplate,
            case .differs(let reason) = ChatTemplate(template: template)
        {
            warnings.append("the folder's chat template is not the built-in one, which is used: \(reason)")
        }
        let made = min(folder.configuration.language.maxPositions, ModelConfiguration.statedContext)
        if context > made {
            warnings.append(
                "a context of \(context) tokens is beyond the \(made) the model is made for; answers may degrade")
        }
        return warnings
    }

    /// Answers a question.
    /// - Throws: `MonocleError`.
    public func ask(_ question: Question) async throws -> Answer {
        for try await event in stream(question) {
            if case .finished(let answer) = event { return answer }
        }
        throw CancellationError()
    }

    /// Answers a question piece by piece. Dropping the stream stops the work within one step.
    public func stream(_ question: Question) -> AsyncThrowingStream<AnswerEvent, any Error> {
        stream(Inquiry(question))
    }

    /// What the engine makes of a prepared request. Dropping the stream stops the work within one step.
    package func submit(_ request: GenerationRequest) -> AsyncThrowingStream<Delta, any Error> {
        engine.submit(request)
    }

    /// Why every request would be refused now; nil while a small one would not.
    package var overload: EngineError? { engine.overload }

    /// What the engine has done and holds.
    package var statistics: EngineStatistics { engine.statistics }

    package func stream(_ inquiry: Inquiry) -> AsyncThrowingStream<AnswerEvent, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    let prepared = try await prepareWhileWanted(inquiry)
                    var collector = AnswerCollector(prepared)
                    for try await delta in engine.submit(prepared.request) {
                        for event in collector.events(for: delta) { continuation.yield(event) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: MonocleError(error))
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

extension LoadOptions {
    func check() throws(MonocleError) {
        guard (1...65_536).contains(prefillChunk) else {
            throw MonocleError(.input, "the prefill chunk is \(prefillChunk) tokens; it must be 1 to 65536")
        }
        if let threads, !(1...1024).contains(threads) {
            throw MonocleError(.input, "the number of threads is \(threads); it must be 1 to 1024")
        }
    }

    /// What the engine is asked to share.
    func checkSharing() throws(MonocleError) {
        for (name, value, range) in [
            ("cache-tokens", sharing.cacheTokens, 16...(1 << 24)), ("running", sharing.running, 1...1024),
            ("drafts", sharing.drafts, 0...16),
        ] {
            guard let value, !range.contains(value) else { continue }
            throw MonocleError(.input, "\(name) is \(value); it must be \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// What the key-value cache holds, f8e4m3 only when the folder declares it.
    func keyValueType(_ precision: Precision, _ folder: CheckpointFolder) throws(MonocleError) -> DType {
        switch keyValueCache {
        case .auto: return precision == .f32 ? .f32 : .bf16
        case .bf16: return .bf16
        case .fp8:
            guard folder.manifest?.keyValueCache == "FP8" else {
                throw MonocleError(
                    .input,
                    "an FP8 key-value cache was asked for, but the checkpoint does not declare one (kv_cache_quant_algo); use bf16"
                )
            }
            return .f8e4m3
        }
    }
}
