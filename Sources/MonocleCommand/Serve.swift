// `monocle serve`: an OpenAI-compatible server of one model. Knows its options, not how requests are answered.

import ArgumentParser
import Foundation
import Imaging
import Logging
import Monocle
import OpenAIAPI
import Server

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a model over HTTP in OpenAI's form, with a page to talk to it at /.",
        discussion: """
            The server's options, from --served-model-name to --limit, may also stand in the environment (--port is \
            MONOCLE_PORT) or in a JSON file named by --config ("port"); the command line wins, then the environment. \
            Limits are listed in docs/serving.md and by GET /v1/limits.

            Example: monocle serve --model DIR --port 8000
            """)

    @OptionGroup(title: "Model") var run: RunOptions

    @Option(help: "Positions of the key-value cache for all requests together. Default: one context.")
    var cacheTokens: Int?

    @Option(help: "Requests that share steps. Default: 64.")
    var running: Int?

    @Option(help: "Tokens guessed from the prompt in a step; answers do not depend on it. Default: 0.")
    var drafts: Int?

    @OptionGroup(title: "Requests") var requests: RequestOptions

    @Option(
        help: "Address to listen on. Others than this machine's own need an API key, or --insecure. Default: 127.0.0.1."
    )
    var host: String?

    @Option(help: "Port; 0 takes a free one. Default: 8000.")
    var port: Int?

    @Option(help: ArgumentHelp("A file of API keys, one a line. $MONOCLE_API_KEY names them too.", valueName: "file"))
    var apiKeyFile: String?

    @Flag(help: "Let other machines ask without a key.")
    var insecure = false

    @Option(help: ArgumentHelp("PEM certificate chain; turns TLS on.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("PEM key of the certificate.", valueName: "file"))
    var tlsKey: String?

    @Option(help: "Origins whose pages may ask from a browser, with commas.")
    var corsOrigins: String?

    @Option(help: "Names of the metrics: monocle, or vllm for routers that expect those. Default: monocle.")
    var metricsNames: String?

    @Option(
        help: ArgumentHelp("Seconds that requests have to finish after SIGTERM. Default: 30.", valueName: "seconds"))
    var drain: Int?

    @Option(help: ArgumentHelp("A JSON file of these options.", valueName: "file"))
    var config: String?

    @Flag(help: "Log every request.")
    var verbose = false

    func run() async throws {
        let settings = try await SettingsReader(commandLine: commandLine(), file: config).settings()
        try settings.check()
        let url = try run.folder.url()
        var options = run.loadOptions
        options.limit(by: settings.limits)
        options.sharing.cacheTokens = cacheTokens
        options.sharing.running = running
        options.sharing.drafts = drafts
        async let gaps = settings.trustsMedia ? [] : Self.gaps()
        let model = try VisionLanguageModel(loading: url, options: options)
        for warning in model.warnings { Failure.warn(warning) }
        let missing = await gaps.map(\.problem)
        if !missing.isEmpty { Failure.warn(missing.joined(separator: "; ") + " (see monocle doctor)") }
        let logger = Self.logger(verbose ? .info : .warning)
        let state = try ServerState(
            model: model, name: url.lastPathComponent, settings: settings, version: Version.current,
            program: RequestOptions.program)
        let scheme = settings.tls == nil ? "http" : "https"
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        let name = settings.modelNames.first ?? url.lastPathComponent
        try await ServerApplication(state, logger: logger).run { port in
            FileHandle.standardError.write(
                Data("monocle: serving \(name) on \(scheme)://\(host):\(port)\n".utf8))
        }
    }

    /// What is missing of the confinement of decoders.
    private static func gaps() async -> [Confinement.Gap] {
        Confinement.gaps(RequestOptions.program.flatMap { Confinement.found(by: $0) })
    }

    /// What was given, by key.
    private func commandLine() throws -> [String: String] {
        var values = try requests.values()
        values["host"] = host
        values["port"] = port.map(String.init)
        values["api-key-file"] = apiKeyFile
        values["tls-certificate"] = tlsCertificate
        values["tls-key"] = tlsKey
        values["cors-origins"] = corsOrigins
        values["metrics-names"] = metricsNames
        if insecure { values["insecure"] = "true" }
        values["limit.drain-seconds"] = drain.map(String.init)
        return values
    }

    private static func logger(_ level: Logger.Level) -> Logger {
        var logger = Logger(label: "monocle", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = level
        return logger
    }
}

extension LoadOptions {
    /// What the server's limits say about the engine.
    fileprivate mutating func limit(by limits: Limits) {
        sharing.maxWaiting = limits[.queueRequests]
        sharing.keptImageBytes = limits[.keptImageBytes]
        sharing.maxWaitingTokens = limits[.queueTokens] > 0 ? limits[.queueTokens] : nil
    }
}
