import Foundation
import TestSupport
import Testing

/// Everything a person can get wrong on the command line ends quickly, with a code and a message that says what to do.
struct BadInputTests {
    private func check(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], code: Int32 = 2,
        says parts: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let run = try Program.run(arguments, input: input, environment: environment)
        #expect(run.code == code, "\(arguments): \(run.errors)", sourceLocation: sourceLocation)
        #expect(run.output.isEmpty, "\(arguments)", sourceLocation: sourceLocation)
        #expect(run.errors.hasPrefix("monocle: "), "\(run.errors)", sourceLocation: sourceLocation)
        for part in parts {
            #expect(run.errors.contains(part), "\(arguments): \(run.errors)", sourceLocation: sourceLocation)
        }
        #expect(run.seconds < 2, "\(arguments)", sourceLocation: sourceLocation)
    }

    private let model = ["--model", Program.checkpoint("nvfp4")]

    @Test func unknownAndMalformedFlags() throws {
        try check(["ask", "Hi?", "--nope"], says: ["--nope"])
        try check(["nonsense"], says: ["nonsense"])
        try check(["ask", "Hi?", "--max-tokens", "many"] + model, says: ["max-tokens", "many"])
        try check(["ask", "Hi?", "--precision", "w2a2"] + model, says: ["w2a2", "w4a16"])
        try check(["ask", "Hi?", "--max-tokens", "0"] + model, says: ["max-tokens", "0"])
        try check(["ask", "Hi?", "--temperature", "nan"] + model, says: ["temperature"])
        try check(["ask", "Hi?", "--max-tiles", "0", try Program.image("pixel.png")] + model, says: ["max-tiles"])
        try check(["ask", "Hi?", "--page", "0"] + model, says: ["page"])
        try check(["ask", "Hi?", "--page", "2", try Program.image("pixel.png")] + model, says: ["--page", "PDF"])
        try check(["ask", "Hi?", "--threads", "-3"] + model, says: ["threads"])
        try check(["ask", "Hi?"] + model, environment: ["MONOCLE_ISA": "sse9"], says: ["MONOCLE_ISA=sse9", "scalar"])
    }

    @Test func missingOrEmptyQuestions() throws {
        try check(["ask"] + model, says: ["no question"])
        try check(["ask", ""] + model, says: ["question is empty"])
        try check(["ask", "--raw", "  "] + model, says: ["question is empty"])
    }

    @Test func filesThatAreNoImages() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ name: String, _ bytes: [UInt8]) throws -> String {
            let url = folder.appending(path: name)
            try Data(bytes).write(to: url)
            return url.path
        }
        let photo = [UInt8](try Data(contentsOf: Goldens.file("images/photo_444.jpg")))
        try check(["ask", "Hi?", "no-such.png"] + model, says: ["no-such.png"])
        try check(["ask", "Hi?", folder.path] + model, says: ["directory"])
        try check(["ask", "Hi?", try file("zero.png", [])] + model, says: ["zero.png", "empty"])
        try check(
            ["ask", "Hi?", try file("text.jpg", Array("hello, this is text".utf8))] + model, says: ["text.jpg", "PNG"])
        try check(
            ["ask", "Hi?", try file("half.jpg", Array(photo.prefix(photo.count / 2)))] + model, says: ["half.jpg"])
        try check(
            ["ask", "Hi?", try file("anim.gif", Array("GIF89a----------".utf8))] + model, says: ["anim.gif", "GIF"])
        try check(["ask", "Hi?", try file("broken.pdf", Array("%PDF-1.7 nothing".utf8))] + model, says: ["broken.pdf"])
    }

    @Test func modelsThatAreNone() throws {
        try check(["ask", "Hi?", "--model", "/no/such/folder"], code: 3, says: ["/no/such/folder"])
        try check(["ask", "Hi?", "--model", NSTemporaryDirectory()], code: 3, says: ["config.json"])
        try check(["tokenize", "--model", NSTemporaryDirectory()], code: 3, says: ["tokenizer.json"])
    }

    @Test func messagesThatAreNone() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString + ".json")
        defer { try? FileManager.default.removeItem(at: file) }
        try check(["ask", "--messages", file.path] + model, says: [file.lastPathComponent])
        for (json, part) in [
            ("", "JSON"), ("{}", "messages"), (#"[{"role": "robot", "content": "x"}]"#, "robot"),
            (#"[{"role": "user", "content": 5}]"#, "content"),
        ] {
            try Data(json.utf8).write(to: file)
            try check(["ask", "--messages", file.path] + model, says: [part])
        }
        try check(["ask", "Hi?", "--messages", file.path] + model, says: ["--messages"])
    }

    @Test func linesThatTokenizeCannotRead() throws {
        try check(["tokenize"] + model, input: "not json\n", says: ["line 1", "not json"])
        try check(["tokenize", "--decode"] + model, input: "[1, 99999]\n", says: ["line 1", "99999"])
    }

    @Test func extremeImagesAreAnswered() throws {
        for name in ["pixel.png", "strip.png"] {
            let run = try Program.run(
                ["ask", "Hi?", try Program.image(name), "--max-tokens", "1", "--json"] + model)
            #expect(run.code == 0, "\(name): \(run.errors)")
        }
    }
}
