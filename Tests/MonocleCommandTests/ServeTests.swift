// `monocle serve` as it is run: its first line, its client, its end.

import Foundation
import TestSupport
import Testing

/// The program, serving on a free port until it is stopped.
final class RunningServer {
    let process = Process()
    let url: String
    /// What it said before it served.
    let greeting: String
    private let errors = Pipe()

    init(_ arguments: [String] = [], environment: [String: String] = [:]) throws {
        process.executableURL = Program.url
        process.arguments = ["serve", "--port", "0", "--context", "4096"] + arguments
        process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "MONOCLE_MODEL" }
            .merging(environment) { $1 }
        process.standardError = errors
        try process.run()
        var text = ""
        while !text.contains("http"), case let data = errors.fileHandleForReading.availableData, !data.isEmpty {
            text += String(decoding: data, as: UTF8.self)
        }
        greeting = text
        let line = try #require(text.split(separator: "\n").first { $0.contains("://") }, "\(text)")
        url = String(line[try #require(line.range(of: "http")).lowerBound...])
    }

    deinit { if process.isRunning { process.terminate() } }

    /// Sends SIGTERM and waits.
    /// - Returns: the exit status.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}

@Suite(.serialized) struct ServeTests {
    private static let python = Installed.python(with: "openai")

    @Test(.enabled(if: python != nil, "needs a Python with openai (Scripts/test.sh installs it)"))
    func theOfficialClientIsServed() throws {
        let python = try #require(Self.python)
        let server = try RunningServer(environment: ["MONOCLE_API_KEY": "test-key-1"])
        let script = Goldens.fixtures.appending(path: "clients/openai_client.py").path
        let image = try Program.image("wide_text.png")
        let run = try Self.run(["timeout", "240", python, script, server.url, image])
        #expect(run.code == 0 && run.output.hasSuffix("OK\n"), "\(run.output)")
        #expect(server.stop() == 0)
    }

    @Test(.enabled(if: Installed.program("chromedriver") != nil, "needs chromedriver (Scripts/test.sh installs one)"))
    func thePageAnswersInABrowser() throws {
        let server = try RunningServer()
        let script = Goldens.fixtures.appending(path: "clients/page.py").path
        let run = try Self.run(["timeout", "240", "python3", script, server.url, try Program.image("wide_text.png")])
        #expect(run.code == 0 && run.output.hasSuffix("OK\n"), "\(run.output)")
    }

    @Test func sigtermLetsAnAnswerFinish() throws {
        let server = try RunningServer()
        let body =
            #"{"messages": [{"role": "user", "content": "hi"}], "max_tokens": 300, "ignore_eos": true, "stream": true}"#
        let client = Process()
        client.executableURL = URL(filePath: "/usr/bin/env")
        client.arguments = [
            "curl", "-sN", server.url + "/v1/chat/completions", "-H", "content-type: application/json", "-d", body,
        ]
        let output = Pipe()
        client.standardOutput = output
        try client.run()
        var text = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        #expect(text.contains("chat.completion.chunk"))
        server.process.terminate()
        text += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(text.hasSuffix("data: [DONE]\n\n"))
        server.process.waitUntilExit()
        #expect(server.process.terminationReason == .exit && server.process.terminationStatus == 0)
    }

    @Test func badSettingsAreRefusedAtOnce() throws {
        for (arguments, words) in [
            (["--host", "0.0.0.0"], ["0.0.0.0", "API key", "--insecure"]),
            (["--limit", "images=99"], ["limit images", "0 to 16"]),
            (["--limit", "nonsense=1"], ["nonsense", "NAME=VALUE"]),
            (["--tls-certificate", "a.pem"], ["tls-key"]), (["--metrics-names", "x"], ["metrics-names"]),
            (["--config", "/nothing.json"], ["/nothing.json"]),
        ] {
            let run = try Program.run(["serve"] + arguments)
            #expect(run.code == 2 && words.allSatisfy(run.errors.contains), "\(arguments): \(run.errors)")
        }
        let environment = try Program.run(["serve"], environment: ["MONOCLE_HOST": "0.0.0.0"])
        #expect(environment.code == 2 && environment.errors.contains("0.0.0.0"))
    }

    static func run(_ words: [String]) throws -> (code: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
