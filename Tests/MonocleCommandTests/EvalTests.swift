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
            #expect((summary?["exact"] as? [String: Any])?["count"] as? Int == 3)
        }
        for (precision, name) in [("w4a16", "c"), ("w4a4", "d")] {
            let run = try eval(
                "fidelity", "--reference", bf16, "--model", nvfp4, "--precision", precision, "--count", "8", "--levels",
                "0", "-o", file(name))
            #expect(run.code == 0 && run.output.contains("KL mean"), "\(run.errors)")
        }
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
        ]
        for (arguments, code, word) in cases {
            let run = try Program.run(["eval"] + arguments)
            #expect(run.code == code && run.errors.contains(word), "\(arguments): \(run.code) \(run.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: out))
    }
}
