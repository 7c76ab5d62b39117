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

    @Option(
        name: .customLong("profile"),
        help: "The protocol whose prompts and rules are used. Default: \(Profile.vlmevalkit2025.rawValue).")
    var chosenProfile: Profile?

    @Option(
        help: ArgumentHelp(
            "Frames of a video, one tile each, 1 to \(Self.frameLimit). Default: 32.", valueName: "n"))
    var frames: Int?

    @Option(
        help: ArgumentHelp(
            "Frames of each second of a video, instead of --frames; a video of which that is more than \(Self.frameLimit) is an error of its questions.",
            valueName: "n"))
    var fps: Double?

    private static let frameLimit = VideoLimits().frames

    var profile: Profile { chosenProfile ?? .vlmevalkit2025 }

    /// Names of the options that were given and say nothing of drawn documents.
    var given: [String] {
        [("--data", path != nil), ("--profile", chosenProfile != nil)].filter(\.1).map(\.0) + givenOfVideos
    }

    private var givenOfVideos: [String] {
        [("--frames", frames != nil), ("--fps", fps != nil)].filter(\.1).map(\.0)
    }

    func validate() throws {
        if let frames, !(1...Self.frameLimit).contains(frames) {
            throw ValidationError("--frames is \(frames); expected 1 to \(Self.frameLimit)")
        }
        guard frames == nil || fps == nil else {
            throw ValidationError("--frames and --fps were both given; one of them says which frames")
        }
        if let fps, !(fps > 0 && fps <= 60) { throw ValidationError("--fps is \(fps); expected above 0, to 60") }
    }

    func benchmark(_ name: BenchmarkName) throws -> TableBenchmark {
        guard let path else {
            throw UsageError("\(name.title) is not part of Monocle: name the file or folder you downloaded with --data")
        }
        if name != .videomme, let option = givenOfVideos.first {
            throw UsageError("\(option) was given, but \(name.title) has no videos")
        }
        return try TableBenchmark(
            name, profile: profile, table: DataSource.table(URL(filePath: path)),
            frames: name == .videomme ? VideoFrames(count: frames ?? 32, rate: fps, profile: profile) : nil)
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
        guard url != nil || apiKeyEnv == nil else {
            throw ValidationError("--api-key-env was given, but no --endpoint that would get the key")
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
        for (name, value) in [("--judge-key-env", judgeKeyEnv), ("--judge-cache", judgeCache)] {
            guard url != nil || value == nil else {
                throw ValidationError("\(name) was given, but no --judge-endpoint")
            }
        }
    }

    /// - Throws: where a judge was named for a benchmark or under a protocol that never asks one.
    func check(_ benchmark: BenchmarkName?, _ profile: Profile) throws {
        guard url != nil else { return }
        guard let benchmark else {
            throw UsageError("--judge-endpoint was given, but synthetic documents are scored by exact match alone")
        }
        guard BenchmarkScorer.asksJudge(benchmark, profile) else {
            throw UsageError(
                "--judge-endpoint was given, but \(benchmark.title) under \(profile.rawValue) asks no judge")
        }
    }

    /// The judge, once it has shown that it answers; nil for rules alone.
    func make(cacheBeside path: String) async throws -> EndpointJudge? {
        guard let url, let model else { return nil }
        // The cache first: what can fail comes before the connections, which are to be closed.
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
