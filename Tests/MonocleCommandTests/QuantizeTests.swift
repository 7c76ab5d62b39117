import Foundation
import TestSupport
import Testing

struct QuantizeTests {
    @Test func quantisesCalibratesAndAnswers() throws {
        let place = try TemporaryFolder()
        let prompts = place.url.appending(path: "prompts.jsonl")
        let picture = try Program.image("square_photo.png")
        try Data(#"{"text": "What is shown?", "image": "\#(picture)"}\#n\#n{"text": "Hello."}\#n"#.utf8).write(
            to: prompts)
        let made = place.url.appending(path: "made").path
        let run = try Program.run([
            "quantize", Program.checkpoint("bf16"), made, "--recipe", "mse", "--calibration", prompts.path,
            "--kv-cache",
            "fp8", "--json",
        ])
        #expect(run.code == 0, "\(run.errors)")
        let report = try run.json()
        #expect(report["recipe"] as? String == "mse")
        #expect((report["layers"] as? [Any])?.count == 14)
        #expect((report["calibration"] as? [String: Any])?["samples"] as? Int == 2)
        let inspected = try Program.run(["inspect", made, "--verify", "--json"])
        #expect(inspected.code == 0, "\(inspected.output)")
        for precision in ["w4a16", "w4a4"] {
            let answer = try Program.run(
                ["ask", "--model", made, "What is shown?", picture, "--precision", precision, "--max-tokens", "4"])
            #expect(answer.code == 0, "\(answer.errors)")
        }
    }

    /// Folders of images and of documents, for the recipes that cannot do without.
    @Test func calibratesOnFolders() throws {
        let place = try TemporaryFolder()
        let (images, documents) = (place.url.appending(path: "images"), place.url.appending(path: "documents"))
        for folder in [images, documents] {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            try FileManager.default.copyItem(
                at: URL(filePath: Program.image("square_photo.png")), to: folder.appending(path: "page.PNG"))
        }
        try Data("notes".utf8).write(to: images.appending(path: "notes.txt"))
        try Data(#"{"images": ["page.PNG"], "question": "What is the total?", "answer": "12"}\#n"#.utf8).write(
            to: documents.appending(path: "documents.jsonl"))
        for (folder, recipe) in [(images, "gptq"), (documents, "awq-lite")] {
            let made = place.url.appending(path: recipe).path
            let run = try Program.run([
                "quantize", Program.checkpoint("bf16"), made, "--recipe", recipe, "--calibration", folder.path,
                "--json",
            ])
            #expect(run.code == 0, "\(run.errors)")
            let report = try run.json()
            let calibration = report["calibration"] as? [String: Any]
            #expect(calibration?["source"] as? String == folder.lastPathComponent)
            #expect(calibration?["samples"] as? Int == 1)
            #expect((report["layers"] as? [[String: Any]])?.allSatisfy { $0["output_error"] is Double } == true)
        }
        try Data("not a picture".utf8).write(to: images.appending(path: "broken.png"))
        let run = try Program.run([
            "quantize", Program.checkpoint("bf16"), place.url.appending(path: "no").path, "--calibration", images.path,
        ])
        #expect(run.code == 2 && run.errors.contains("broken.png"), "\(run.errors)")
    }

    @Test func namesWhatIsAtFault() throws {
        let place = try TemporaryFolder()
        let made = place.url.appending(path: "made").path
        let broken = place.url.appending(path: "broken.jsonl")
        try Data("{\"text\": \"a\"}\n{\"image\": \"b.png\"}\n".utf8).write(to: broken)
        let empty = place.url.appending(path: "empty.jsonl")
        try Data("\n\n".utf8).write(to: empty)
        let bare = place.url.appending(path: "bare")
        try FileManager.default.createDirectory(at: bare, withIntermediateDirectories: false)
        let source = Program.checkpoint("bf16")
        let cases: [(arguments: [String], code: Int32, word: String)] = [
            ([Program.checkpoint("nvfp4"), made], 3, "found NVFP4"),
            ([place.url.path, made], 3, "config.json"),
            ([source, place.url.path], 2, "not an empty folder"),
            ([source, made, "--calibration", broken.path], 2, "line 2"),
            ([source, made, "--calibration", empty.path], 2, "no prompts"),
            ([source, made, "--calibration", bare.path], 2, "nor images"),
            ([source, made, "--calibration", bare.path + "/none"], 2, "found nothing there"),
            ([source, made, "--recipe", "gptq"], 2, "--calibration"),
            ([source, made, "--recipe", "awq-lite"], 2, "--calibration"),
            ([source, made, "--compat-version", "new"], 2, "0.37.0"),
            ([source, made, "--samples", "0"], 2, "--samples"),
            ([source, made, "--recipe", "best"], 2, "sweep-256"),
        ]
        for (arguments, code, word) in cases {
            let run = try Program.run(["quantize"] + arguments)
            #expect(run.code == code && run.errors.contains(word), "\(arguments): \(run.code) \(run.errors)")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: place.url.path).sorted()
        #expect(left == ["bare", "broken.jsonl", "empty.jsonl"])
    }
}
