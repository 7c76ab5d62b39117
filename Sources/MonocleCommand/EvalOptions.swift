// Options that verbs of `monocle eval` share: which data, which server, which judge. Knows no benchmark's columns.

import ArgumentParser
import BenchmarkData
import Evaluation
import Foundation
import Imaging
import Scoring

/// Where a public benchmark's questions are, and under which protocol they are asked.
struct BenchmarkDataOptions: ParsableArguments {
    @Option(
        name: .customLong("data"),
        help: ArgumentHelp("The benchmark's file or folder; see docs/evaluation.md for the forms.", valueName: "path"))
    var path: String?

    @Option(help: "The protocol whose prompts and rules are used.")
    var profile: Profile = .vlmevalkit2025

    @Option(help: ArgumentHelp("Frames of a video, one tile each.", valueName: "n"))
    var frames = 32

    @Option(help: ArgumentHelp("Frames of each second of a video, instead of --frames.", valueName: "n"))
    var fps: Double?

    func validate() throws {
        guard (1...512).contains(frames) else { throw ValidationError("--frames is \(frames); expected 1 to 512") }
        if let fps, !(fps > 0 && fps <= 60) { throw ValidationError("--fps is \(fps); expected above 0, to 60") }
    }

    func benchmark(_ name: BenchmarkName) throws -> TableBenchmark {
        guard let path else {
            throw UsageError("\(name.title) is not part of Monocle: name the file or folder you downloaded with --data")
        }
        return try TableBenchmark(
            name, profile: profile, table: DataSource.table(URL(filePath: path)),
            frames: name == .videomme ? VideoFrames(count: frames, rate: fps, profile: profile) : nil)
    }
}

/// A server that speaks OpenAI's API.
struct EndpointOptions: ParsableArguments {
    @Option(
        name: .customLong("endpoint"),
        help: ArgumentHelp("Ask this server instead of a model: http://host:port/v1.", valueName: "url"))
    var url: String?

    @Option(name: .customLong("endpoint-model"), help: ArgumentHelp("The model's name there.", valueName: "name"))
    var model: String?

    @Option(help: ArgumentHelp("The environment variable that holds the server's key.", valueName: "name"))
    var apiKeyEnv: String?

    @Option(help: ArgumentHelp("Time for one request to a server.", valueName: "seconds"))
    var timeout = 120.0

    @Option(help: ArgumentHelp("Requests for one question at most, when a server fails.", valueName: "n"))
    var attempts = 5

    func validate() throws {
        guard (0.1...86_400).contains(timeout) else {
            throw ValidationError("--timeout is \(timeout); expected 0.1 to 86400 seconds")
        }
        guard (1...100).contains(attempts) else {
            throw ValidationError("--attempts is \(attempts); expected 1 to 100")
        }
        guard (url == nil) == (model == nil) else {
            throw ValidationError("--endpoint and --endpoint-model belong together; only one was given")
        }
    }

    func make(connections: Int) throws -> ChatEndpoint? {
        guard let url, let model else { return nil }
        return try ChatEndpoint(
            url, model: model, key: try Self.key(apiKeyEnv), timeout: timeout, attempts: attempts,
            connections: connections)
    }

    static func key(_ variable: String?) throws -> String? {
        guard let variable else { return nil }
        guard let key = ProcessInfo.processInfo.environment[variable], !key.isEmpty else {
            throw UsageError("the environment variable \(variable), which is to hold a key, is not set")
        }
        return key
    }
}

/// Who decides replies that rules cannot read.
struct JudgeOptions: ParsableArguments {
    @Option(
        name: .customLong("judge-endpoint"),
        help: ArgumentHelp(
            "Let this server decide replies in which the rules find no option. Default: rules alone.", valueName: "url")
    )
    var url: String?

    @Option(name: .customLong("judge-model"), help: ArgumentHelp("The judge's name there.", valueName: "name"))
    var model: String?

    @Option(help: ArgumentHelp("The environment variable that holds the judge's key.", valueName: "name"))
    var judgeKeyEnv: String?

    @Option(
        help: ArgumentHelp(
            "Where the judge's replies are kept. Default: beside the results, .judge.jsonl.", valueName: "path"))
    var judgeCache: String?

    func validate() throws {
        guard (url == nil) == (model == nil) else {
            throw ValidationError("--judge-endpoint and --judge-model belong together; only one was given")
        }
    }

    /// The judge, once it has shown that it answers; nil for rules alone.
    func make(cacheBeside path: String) async throws -> EndpointJudge? {
        guard let url, let model else { return nil }
        let cache = try JudgeCache(judgeCache ?? path + ".judge.jsonl")
        let judge = EndpointJudge(
            try ChatEndpoint(url, model: model, key: try EndpointOptions.key(judgeKeyEnv), connections: 8),
            cache: cache)
        do {
            try await judge.check()
        } catch {
            await judge.close()
            throw error
        }
        return judge
    }
}
