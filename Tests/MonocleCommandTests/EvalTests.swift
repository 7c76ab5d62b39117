import Foundation
import TestSupport
import Testing

struct EvalTests {
    private func eval(_ arguments: String...) throws -> Program.Run { try Program.run(["eval"] + arguments) }

    @Test func runsMeasuresAndCompares() throws {
        let place = try TemporaryFolder()
        func file(_ name: String) -> String { place.url.appending(path: name).path }
        let (bf16, nvfp4) = (Program.checkpoint("bf16"), Program.checkpoint("nvfp4"))
        for (model, name) in [(bf16, "a"), (nvfp4, "b")] {
            let run = try eval(
                "run", "--benchmark", "synthetic", "--model", model, "--precision", "w4a16", "--count", "3", "--levels",
                "0", "--max-tokens", "4", "-o", file(name), "--json")
            #expect(run.code == 0, "\(run.errors)")
            let summary = try run.json()["summary"] as? [String: Any]
            #expect((summary?["score"] as? [String: Any])?["count"] as? Int == 3)
        }
        for (precision, name) in [("w4a16", "c"), ("w4a4", "d")] {
            let run = try eval(
                "fidelity", "--reference", bf16, "--model", nvfp4, "--precision", precision, "--count", "8", "--levels",
                "0", "-o", file(name))
            #expect(run.code == 0 && run.output.contains("KL mean"), "\(run.errors)")
        }
        let report = try eval("report", file("a"), file("b"), "--margin", "1", "-o", file("report"))
        #expect(report.code == 0 && report.output.hasSuffix("report/index.html\n"), "\(report.errors)")
        #expect(FileManager.default.fileExists(atPath: file("report/data/samples-0-0.js")))
        let none = try eval("report", file("c"), "-o", file("none"))
        #expect(none.code == 2 && none.errors.contains("fidelity"), "\(none.errors)")
        let answers = try eval("compare", file("a"), file("b"), "--baseline", file("a"), "--resamples", "200")
        #expect(answers.code == 0 && answers.output.contains("no gap closure"), "\(answers.errors)")
        let fidelity = try eval("compare", file("c"), file("d"), "--json", "--resamples", "200")
        let overall = try fidelity.json()["overall"] as? [String: Any]
        let divergence = try #require((overall?["divergence"] as? [String: Any])?["difference"] as? Double)
        #expect(divergence > 0)
        let mixed = try eval("compare", file("a"), file("c"))
        #expect(mixed.code == 2 && mixed.errors.contains("fidelity"), "\(mixed.errors)")
    }

    @Test func namesWhatIsAtFault() throws {
        let place = try TemporaryFolder()
        let out = place.url.appending(path: "run.jsonl").path
        let (bf16, nvfp4) = (Program.checkpoint("bf16"), Program.checkpoint("nvfp4"))
        let run = ["run", "--benchmark", "synthetic", "--model", nvfp4, "-o", out]
        let cases: [(arguments: [String], code: Int32, word: String)] = [
            (run + ["--levels", "3-5"], 2, "3-5"),
            (run + ["--count", "0"], 2, "--count"),
            (run + ["--family", "poem"], 2, "poem"),
            (run + ["--tile-size", "64"], 2, "tile size"),
            (["run", "--benchmark", "none", "--model", nvfp4, "-o", out], 2, "synthetic"),
            (["fidelity", "--reference", nvfp4, "--model", nvfp4, "-o", out], 3, "BF16"),
            (["fidelity", "--reference", bf16, "--model", nvfp4, "--batch", "0", "-o", out], 2, "--batch"),
            (["compare", out, out], 2, "cannot read"),
            (["compare", out, out, "--resamples", "1"], 2, "--resamples"),
            (["compare", out, out, "--margin", "0"], 2, "--margin"),
            (["run", "--benchmark", "docvqa", "--model", nvfp4, "-o", out], 2, "--data"),
            (["run", "--benchmark", "docvqa", "--data", out, "--model", nvfp4, "-o", out], 2, "no such file"),
            (run + ["--data", out], 2, "drawn"),
            (run + ["--endpoint", "http://127.0.0.1:9/v1"], 2, "--endpoint-model"),
            (run + ["--judge-model", "m"], 2, "--judge-endpoint"),
            (run + ["--ids", "x"], 2, "--ids names x"),
            (["score"], 2, "--predictions"),
            (["score", out, "--benchmark", "docvqa"], 2, "a run knows its own"),
            (["convert", out, "-o", out], 2, ProcessInfo.processInfo.environment["MONOCLE_PYTHON"] ?? "python3"),
            (run + ["--profile", "official"], 2, "--profile was given"), (run + ["--fps", "2"], 2, "--fps was given"),
            (run + ["--frames", "257"], 2, "1 to 256"), (run + ["--concurrency", "257"], 2, "1 to 256"),
            (run + ["--api-key-env", "KEY"], 2, "no --endpoint"),
            (run + ["--judge-cache", out], 2, "no --judge-endpoint"),
            (run + ["--judge-endpoint", "http://127.0.0.1:9/v1", "--judge-model", "m"], 2, "exact match alone"),
            (
                [
                    "run", "--benchmark", "docvqa", "--data", out, "--endpoint", "http://127.0.0.1:9/v1",
                    "--endpoint-model", "m", "--threads", "1", "-o", out,
                ], 2, "--threads was given"
            ),
            (["run", "--benchmark", "docvqa", "--data", out, "--seed", "1", "-o", out], 2, "--seed was given"),
        ]
        for (arguments, code, word) in cases {
            let run = try Program.run(["eval"] + arguments)
            #expect(run.code == code && run.errors.contains(word), "\(arguments): \(run.code) \(run.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: out))
    }

    // MARK: Another program answers

    /// Rows about one image; the answer to row n is n.
    private func rows(_ count: Int, in place: TemporaryFolder) throws -> String {
        let folder = place.url.appending(path: "data")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: Program.image("baseline_small.jpg"), toPath: folder.appending(path: "page.jpg").path)
        let lines = (0..<count).map {
            #"{"questionId": "q\#($0)", "question": "What is number \#($0)?", "answers": ["\#($0)"], "image": "page.jpg"}"#
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: folder.appending(path: "items.jsonl"))
        return folder.path
    }

    /// Right about every number but multiples of three.
    private func server(_ seconds: Double) throws -> StubServer {
        try StubServer { request in
            let body = String(decoding: request.body, as: UTF8.self)
            guard let match = body.firstMatch(of: #/What is number (\d+)/#), let number = Int(match.1) else {
                return .completion("A")  // the check before the run
            }
            return .late(seconds, .completion(number % 3 == 0 ? "nothing at all" : "\(number)"))
        }
    }

    private func arguments(_ data: String, _ server: StubServer, _ out: String) -> [String] {
        [
            "run", "--benchmark", "docvqa", "--data", data, "--endpoint", server.url, "--endpoint-model", "stub", "-o",
            out, "--json",
        ]
    }

    private func score(_ run: Program.Run) throws -> [String: Any] {
        let summary = try #require(try run.json()["summary"] as? [String: Any])
        return try #require(summary["score"] as? [String: Any])
    }

    @Test func aRunKilledAtAnyMomentGoesOn() throws {
        let place = try TemporaryFolder()
        let data = try rows(40, in: place)
        let server = try server(0.02)
        defer { server.stop() }
        let whole = place.url.appending(path: "whole.jsonl").path
        let uninterrupted = try Program.run(["eval"] + arguments(data, server, whole))
        #expect(uninterrupted.code == 0, "\(uninterrupted.errors)")
        let cut = place.url.appending(path: "cut.jsonl").path
        var kills = 0
        for _ in 0..<4 {
            let process = Process()
            process.executableURL = Program.url
            process.arguments = ["eval"] + arguments(data, server, cut)
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            Thread.sleep(forTimeInterval: Double.random(in: 0.05...0.35))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            if process.terminationReason == .uncaughtSignal { kills += 1 }
        }
        #expect(kills > 0, "a process that ends by itself shows nothing")
        let last = try Program.run(["eval"] + arguments(data, server, cut))
        #expect(last.code == 0, "\(last.errors)")
        let lines = try String(contentsOfFile: cut, encoding: .utf8).split(separator: "\n").dropFirst()
        let ids = try lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])["id"] as? String
        }
        #expect(ids.count == 40 && Set(ids).count == 40, "each sample once")
        #expect(try NSDictionary(dictionary: score(last)) == NSDictionary(dictionary: score(uninterrupted)))
        let mean = try #require(try score(last)["mean"] as? Double)
        #expect(abs(mean - 26.0 / 40) < 1e-12)
        // Scored again without a model, and under another protocol.
        let again = try eval("score", cut, "--json")
        #expect(try NSDictionary(dictionary: score(again)) == NSDictionary(dictionary: score(last)), "\(again.errors)")
        let other = place.url.appending(path: "official.jsonl").path
        let official = try eval("score", cut, "--profile", "official", "-o", other)
        #expect(official.code == 0 && official.output.contains("under official, asked under"), "\(official.errors)")
        let compared = try eval("compare", whole, cut, "--margin", "5", "--resamples", "200")
        #expect(compared.code == 0 && compared.output.contains("40 of 40 are the same"), "\(compared.errors)")
        #expect(compared.output.contains("INCONCLUSIVE"), "questions about one page tell nothing")
        let mixed = try eval("compare", whole, other)
        #expect(mixed.code == 2 && mixed.errors.contains("items.asked_under"), "\(mixed.errors)")
    }

    @Test func anEndpointThatDoesNotAnswerEndsTheRun() throws {
        let place = try TemporaryFolder()
        let data = try rows(2, in: place)
        let server = try StubServer { _ in .status(401, "who are you?") }
        let out = place.url.appending(path: "run.jsonl").path
        let refused = try Program.run(["eval"] + arguments(data, server, out))
        server.stop()
        #expect(refused.code == 2 && refused.errors.contains("status 401: who are you?"), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: out))
    }

    @Test func errorsAreShownAndAskedAgain() throws {
        let place = try TemporaryFolder()
        let data = try rows(6, in: place)
        let broken = try StubServer { request in
            let body = String(decoding: request.body, as: UTF8.self)
            return body.contains("number 4") ? .status(400, "too long") : .completion("5")
        }
        let out = place.url.appending(path: "run.jsonl").path
        let first = try Program.run(["eval"] + arguments(data, broken, out).dropLast())
        broken.stop()
        #expect(first.code == 0 && first.output.contains("1 errors, not scored (1 endpoint)"), "\(first.output)")
        #expect(first.output.contains("item q4: status 400: too long") && first.output.contains("do not quote"))
        let server = try server(0)
        defer { server.stop() }
        let second = try Program.run(["eval"] + arguments(data, server, out) + ["--retry-errors"])
        #expect(try score(second)["count"] as? Int == 6, "\(second.errors)")
        #expect(server.count == 2, "the check and the one question that failed")
    }
}
