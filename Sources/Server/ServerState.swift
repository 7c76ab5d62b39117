// What all routes share: the model, the settings, who is in the house, what is counted. Knows no route.

import Engine
import Imaging
import Logging
package import Monocle
import NIOPosix
import OpenAIAPI

package final class ServerState: Sendable {
    let model: VisionLanguageModel
    let settings: ServerSettings
    let bounds: RequestBounds
    /// Names that requests may give; the first is the one answers carry.
    let modelNames: [String]
    let created: Int
    let version: String
    let admission: Admission
    let connections = ConnectionTable()
    let metrics: ServerMetrics
    let authentication: Authentication
    let refusals = Refusals()
    let media: MediaSource
    let grammars: GrammarLibrary
    /// Memory that request bodies may take together.
    let bodies: Budget
    /// Threads for work that would hold up the event loops: JSON, base64, tokenising.
    let workers: NIOThreadPool
    /// Threads that wait for decoders, so that slow images hold up nothing else: some for images alone, and one for each place
    /// that documents and videos have.
    let decoders: NIOThreadPool

    var limits: Limits { settings.limits }
    var observation: Observation { Observation(metrics: metrics) }
    var modelName: String { modelNames[0] }

    /// - Parameters:
    ///   - name: of the model folder.
    ///   - program: this executable, which decodes untrusted images as a child.
    package init(
        model: VisionLanguageModel, name: String, settings: ServerSettings, version: String, program: String?
    ) throws(SettingsError) {
        try settings.check()
        self.model = model
        self.settings = settings
        self.version = version
        bounds = RequestBounds(
            limits: settings.limits, vocabulary: model.tokenizer.count, context: model.context)
        modelNames = settings.modelNames.isEmpty ? [name] : settings.modelNames
        created = Clock.unixSeconds()
        admission = Admission(limit: settings.limits[.requests])
        metrics = ServerMetrics()
        authentication = Authentication(keys: settings.apiKeys)
        media = MediaSource(settings: settings, program: settings.trustsMedia ? nil : program)
        grammars = GrammarLibrary(tokenizer: model.tokenizer, limits: settings.limits)
        bodies = Budget(settings.limits[.bodyBytesTotal], of: "memory")
        workers = NIOThreadPool(numberOfThreads: 2)
        workers.start()
        decoders = NIOThreadPool(
            numberOfThreads: 4 + settings.limits[.documentsAtOnce] + settings.limits[.videosAtOnce])
        decoders.start()
    }

    /// Runs blocking work on a thread of its own.
    func work<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await workers.runIfActive(body)
    }

    /// - Throws: 404 `model_not_found` when `name` is none of the model's.
    func checkModel(_ name: String?) throws(APIError) {
        guard let name, !modelNames.contains(name) else { return }
        throw APIError(
            404, "model_not_found", param: "model",
            "there is no such model; this server answers as \(modelNames.joined(separator: ", "))")
    }
}
