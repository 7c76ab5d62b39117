import Checkpoint
import Foundation
import TestSupport
import Testing

/// `monocle train`, `monocle distill` and the model that ships, as a person runs them.
struct TrainTests {
    /// A folder of two questions about one small picture.
    static func data(_ folder: URL) throws -> String {
        let image = try Program.image("pixel.png")
        let lines = ["red", "blue"].map {
            "{\"image\": \"\(URL(filePath: image).lastPathComponent)\", \"question\": \"Which?\", \"answer\": \"\($0)\"}"
        }
        let place = folder.appending(path: "data")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: URL(filePath: image), to: place.appending(path: URL(filePath: image).lastPathComponent))
        try Data(lines.joined(separator: "\n").utf8).write(to: place.appending(path: "list.jsonl"))
        return place.path
    }

    static let short = [
        "--steps", "2", "--batch-tiles", "2", "--validation-count", "2", "--save-every", "1", "--validate-every", "1",
    ]

    @Test func trainsQuantisesAndDistils() throws {
        let temporary = try TemporaryFolder()
        let data = try Self.data(temporary.url)
        func path(_ name: String) -> String { temporary.url.appending(path: name).path }
        let train = try Program.run(
            ["train", Program.checkpoint("bf16"), path("bf16"), "--run", path("run1"), "--data", data] + Self.short)
        #expect(train.code == 0 && train.output.contains("2 steps"), "\(train.errors)")
        #expect(FileManager.default.fileExists(atPath: path("run1") + "/loss.svg"))
        let quantize = try Program.run(
            ["quantize", path("bf16"), path("nvfp4"), "--calibration", "synthetic", "--samples", "2"])
        #expect(quantize.code == 0, "\(quantize.errors)")
        let distill = try Program.run(
            [
                "distill", "--teacher", path("bf16"), "--student", path("nvfp4"), "--out", path("qad"), "--run",
                path("run2"), "--data", data,
            ] + Self.short)
        #expect(distill.code == 0 && distill.output.contains("validation loss"), "\(distill.errors)")
        let inspect = try Program.run(["inspect", path("qad"), "--verify"])
        #expect(inspect.code == 0 && !inspect.output.contains("synthetic"), "\(inspect.output)")
        // A folder that is there already is refused before the work, and a teacher without its student too.
        let again = try Program.run(
            ["train", Program.checkpoint("bf16"), path("bf16"), "--run", path("run3"), "--data", data] + Self.short)
        #expect(again.code == 2 && again.errors.contains("not an empty folder"), "\(again.errors)")
        let wrong = try Program.run(
            [
                "distill", "--teacher", path("bf16"), "--student", path("bf16"), "--out", path("qad2"), "--run",
                path("run4"), "--data", data,
            ] + Self.short)
        #expect(wrong.code == 2 && wrong.errors.contains("monocle quantize"), "\(wrong.errors)")
    }

    @Test(arguments: [
        (["--rate", "0"], "--rate is 0"), (["--data", "/nonexistent"], "/nonexistent"),
        (["--steps", "0"], "--steps is 0"),
    ])
    func badOptionsAreNamed(extra: [String], message: String) throws {
        let temporary = try TemporaryFolder()
        let out = temporary.url.appending(path: "out").path
        var arguments = ["train", Program.checkpoint("bf16"), out, "--run", out + "-run"]
        if !extra.contains("--steps") { arguments += ["--steps", "1"] }
        let run = try Program.run(arguments + extra)
        #expect(run.code == 2 && run.errors.contains(message), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: out))
    }

    /// Without a model the one that ships answers, and rightly.
    @Test func theModelThatShipsReadsTheReceipt() throws {
        let receipt = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Examples/receipt.png").path
        for precision in ["w4a16", "w4a8", "w4a4"] {
            let run = try Program.run(["ask", "What is the total?", receipt, "--precision", precision])
            #expect(run.code == 0 && run.output.trimmingCharacters(in: .whitespacesAndNewlines) == "214.60", "\(run)")
        }
    }
}
