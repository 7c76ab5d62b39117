import Foundation
import TestSupport
import Testing

struct AskTests {
    private let options = ["--temperature", "0", "--max-tokens", "8", "--ignore-eos", "--precision", "f32"]

    @Test func anAnswerIsOneJSONObject() throws {
        let run = try Program.run(
            [
                "ask", "Describe the image.", try Program.image("wide_text.png"), "--json", "--logprobs", "3",
                "--align-corners", "false", "--model", Program.checkpoint("bf16"),
            ] + options)
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
        let json = try run.json()
        #expect(
            Set(json.keys) == [
                "model", "text", "finish_reason", "prompt_token_ids", "token_ids", "logprobs", "images", "usage",
                "timings",
            ])
        let goldens =
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: Goldens.file("vllm_e2e/bf16_float32.json"))) as? [String: Any]
        let prompt = (goldens?["prompts"] as? [String: [String: Any]])?["img_wide"]
        #expect(json["prompt_token_ids"] as? [Int] == prompt?["prompt_token_ids"] as? [Int])
        #expect(json["token_ids"] as? [Int] == (prompt?["tokens"] as? [Int]).map { Array($0.prefix(8)) })
        let image = try #require((json["images"] as? [[String: Any]])?.first)
        #expect(image["width"] as? Int == 330 && image["height"] as? Int == 97)
        #expect(image["tiles"] as? Int == 13 && image["tokens"] as? Int == 52)
        #expect((image["grid"] as? [Int])?.reduce(1, *) == 12)
        let usage = try #require(json["usage"] as? [String: Int])
        #expect(usage == ["prompt_tokens": 85, "completion_tokens": 8, "image_tokens": 52])
        let logprobs = try #require(json["logprobs"] as? [[String: Any]])
        #expect(logprobs.count == 8)
        for (entry, id) in zip(logprobs, json["token_ids"] as? [Int] ?? []) {
            let top = try #require(entry["top"] as? [[String: Any]])
            #expect(entry["token_id"] as? Int == id && top.count == 3 && top[0]["token_id"] as? Int == id)
        }
    }

    @Test(.enabled(if: isFilmPossible, "needs ffmpeg and ffprobe of the package ffmpeg"))
    func aVideoIsLookedAtFrameByFrame() throws {
        let clip = Goldens.fixtures.appending(path: "video/counting.mp4").path
        let model = ["--json", "--model", Program.checkpoint("bf16")] + options
        let run = try Program.run(["ask", "What happens?", clip, "--frames", "3"] + model)
        #expect(run.code == 0, "\(run.errors)")
        let image = try #require((try run.json()["images"] as? [[String: Any]])?.first)
        #expect(image["frames"] as? [Int] == [0, 5, 11] && image["tiles"] as? Int == 3)
        let still = try Program.run(["ask", "?", Program.image("gray.png"), "--frames", "3"] + model)
        #expect(still.code == 2 && still.errors.contains("only a video has frames"))
        let none = try Program.run(["ask", "?", clip, "--frames", "0"] + model)
        #expect(none.code == 2 && none.errors.contains("1 or more"))
        // What a file is called does not matter.
        let renamed = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).png")
        try FileManager.default.copyItem(atPath: clip, toPath: renamed.path)
        defer { try? FileManager.default.removeItem(at: renamed) }
        #expect(try Program.run(["ask", "What happens?", renamed.path] + model).code == 0)
    }

    private static let isFilmPossible = ["ffmpeg", "ffprobe"].allSatisfy { name in
        ["/usr/bin", "/usr/local/bin", "/bin"].contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }

    @Test func textStreamsToStandardOutputAndNothingElseDoes() throws {
        let arguments = ["ask", "What is 2+2?", "--model", Program.checkpoint("nvfp4")] + options
        let run = try Program.run(arguments)
        #expect(run.code == 0 && run.errors.isEmpty)
        let json = try Program.run(arguments + ["--json"]).json()
        let text = try #require(json["text"] as? String)
        #expect(run.output == text + (text.hasSuffix("\n") ? "" : "\n"))
    }

    @Test func messagesFollowTheirFile() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(
            at: Goldens.file("images/tall_shapes.jpg"), to: folder.appending(path: "page.jpg"))
        let messages = folder.appending(path: "messages.json")
        try Data(
            #"""
            [{"role": "system", "content": "Answer the questions."},
             {"role": "user", "content": [{"type": "text", "text": "How many shapes?"},
                {"type": "image_url", "image_url": {"url": "page.jpg"}}]}]
            """#.utf8
        ).write(to: messages)
        let common = ["--model", Program.checkpoint("bf16"), "--json"] + options
        let fromFile = try Program.run(["ask", "--messages", messages.path] + common).json()
        let fromFlags = try Program.run(
            ["ask", "How many shapes?", try Program.image("tall_shapes.jpg"), "--system", "Answer the questions."]
                + common
        ).json()
        #expect(fromFile["prompt_token_ids"] as? [Int] == fromFlags["prompt_token_ids"] as? [Int])
        #expect(fromFile["token_ids"] as? [Int] == fromFlags["token_ids"] as? [Int])
    }

    @Test func theModelMayComeFromTheEnvironment() throws {
        let run = try Program.run(
            ["ask", "Hello?"] + options, environment: ["MONOCLE_MODEL": Program.checkpoint("nvfp4")])
        #expect(run.code == 0)
        // Without either, the model that ships answers.
        let none = try Program.run(["ask", "Hello?", "--max-tokens", "4"])
        #expect(none.code == 0 && none.errors.isEmpty)
    }

    @Test func everyInstructionSetAndPrecisionAnswers() throws {
        for isa in ["scalar", "avx2", "avx512", "amx"] {
            for precision in ["f32", "w4a16", "w4a8", "w4a4"] {
                let run = try Program.run(
                    [
                        "ask", "Hello?", "--max-tokens", "3", "--temperature", "0", "--precision", precision, "--json",
                        "--ignore-eos", "--model", Program.checkpoint("nvfp4"),
                    ], environment: ["MONOCLE_ISA": isa])
                if run.code == 2 {
                    #expect(run.errors.contains("MONOCLE_ISA=\(isa)"))
                } else {
                    let ids = try run.json()["token_ids"] as? [Int]
                    #expect(run.code == 0 && ids?.count == 3, "\(isa) \(precision)")
                }
            }
        }
    }
}
