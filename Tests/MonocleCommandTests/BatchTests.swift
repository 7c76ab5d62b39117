// `monocle batch` as it is run: killed in the middle, gone on with, refused by line.

import Foundation
import Testing

@Suite struct BatchTests {
    private static func folder() throws -> URL {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    private static func lines(_ url: URL) -> [Substring] {
        ((try? String(contentsOf: url, encoding: .utf8)) ?? "").split(separator: "\n")
    }

    private static func id(_ line: Substring) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect((object?["response"] as? [String: Any])?["status_code"] as? Int == 200)
        return try #require(object?["custom_id"] as? String)
    }

    @Test func aKilledBatchIsGoneOnWith() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (input, output) = (folder.appending(path: "in.jsonl"), folder.appending(path: "out.jsonl"))
        let count = 30
        let text = (0..<count).map { number in
            #"{"custom_id": "\#(number)", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": "#
                + #"[{"role": "user", "content": "hello"}], "max_tokens": 60, "ignore_eos": true}}"#
        }
        try Data(text.joined(separator: "\n").utf8).write(to: input)
        let arguments = ["batch", input.path, "-o", output.path, "--context", "1024", "--concurrency", "2"]

        let process = Process()
        process.executableURL = Program.url
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "MONOCLE_MODEL" }
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        while process.isRunning, Self.lines(output).count < 4 { usleep(2000) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let before = Self.lines(output)
        #expect(before.count >= 4 && before.count < count)

        let run = try Program.run(arguments)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.contains("0 refused"), "\(run.output)")
        let after = Self.lines(output)
        let whole = before.filter { $0.hasSuffix("\"error\":null}") }
        #expect(after.starts(with: whole))
        #expect(Set(try after.map(Self.id)) == Set((0..<count).map { "\($0)" }) && after.count == count)
        // Nothing is left to do.
        let again = try Program.run(arguments)
        #expect(again.code == 0 && again.output.contains("\(count) there before"), "\(again.output)")
        #expect(Self.lines(output) == after)
    }

    @Test func badLinesAreNamedAndNothingRuns() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (input, output) = (folder.appending(path: "in.jsonl"), folder.appending(path: "out.jsonl"))
        try Data("{}\n\nnothing\n".utf8).write(to: input)
        let run = try Program.run(["batch", input.path, "-o", output.path])
        #expect(run.code == 2 && run.errors.contains("line 1") && run.errors.contains("line 3"), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: output.path))
        let missing = try Program.run(["batch", "/nothing.jsonl", "-o", output.path])
        #expect(missing.code == 2 && missing.errors.contains("/nothing.jsonl"))
    }
}
