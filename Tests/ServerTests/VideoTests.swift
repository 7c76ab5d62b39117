// Videos of requests: what is looked at, and what is refused.

import Foundation
import HTTPTypes
import HummingbirdTesting
import Imaging
import OpenAIAPI
import TestSupport
import Testing

@testable import Server

extension ServerTests {
    @Suite struct VideoTests {
        static let isPossible = ChildProcess.find("ffmpeg") != nil && ChildProcess.find("ffprobe") != nil

        static func clip() throws -> Data {
            try Data(contentsOf: Goldens.fixtures.appending(path: "video/counting.mp4"))
        }

        static func chat(
            _ data: Data, _ type: String = "video/mp4", _ video: String = "", part: String = "video_url"
        ) -> String {
            #"{"max_tokens": 4, "messages": [{"role": "user", "content": [{"type": "\#(part)", "\#(part)": {"url": "\#(ServerFixture.dataURL(data, type))"\#(video)}}, {"type": "text", "text": "What happens?"}]}]}"#
        }

        @Test(.enabled(if: isPossible, "needs ffmpeg and ffprobe of the package ffmpeg"))
        func usageShowsFramesAsTiles() async throws {
            let clip = try Self.clip()
            try await ServerFixture.serve { client, _ in
                let reply = try await client.post(
                    "/v1/chat/completions", Self.chat(clip, "video/mp4", #", "frames": 3"#))
                #expect(reply.status == 200, "\(reply.body)")
                let images = (reply.json["usage"] as? [String: Any])?["images"] as? [[String: Any]]
                let video = try #require(images?.first)
                #expect(images?.count == 1)
                #expect(video["frames"] as? [Int] == [0, 5, 11])
                #expect(video["tiles"] as? Int == 3)
                #expect(video["width"] as? Int == 64 && video["height"] as? Int == 48)
                let tokens = try #require(video["tokens"] as? Int)
                let header = HTTPField.Name("x-monocle-images").flatMap { reply.headers[$0] }
                #expect(header == "64x48;frames=3;tiles=3;tokens=\(tokens)")
                let plan = try await client.post("/v1/chat/completions/render", Self.chat(clip, "video/x-whatever"))
                let span = try #require((plan.json["images"] as? [[String: Any]])?.first, "\(plan.body)")
                #expect((span["frames"] as? [Int])?.count == 8 && span["length"] as? Int == 8 * tokens / 3)
            }
        }

        @Test(.enabled(if: isPossible, "needs ffmpeg and ffprobe of the package ffmpeg"))
        func responsesSeeTheVideoThatChatSees() async throws {
            let clip = try Self.clip()
            let url = ServerFixture.dataURL(clip, "video/mp4")
            @Sendable func input(_ part: String) -> String {
                #"{"max_output_tokens": 4, "input": [{"role": "user", "content": [{"type": "input_video", \#(part)}, {"type": "input_text", "text": "What happens?"}]}]}"#
            }
            try await ServerFixture.serve { client, _ in
                let chat = try await client.post(
                    "/v1/chat/completions", Self.chat(clip, "video/mp4", #", "frames": 3"#))
                let reply = try await client.post("/v1/responses", input(#""video_url": "\#(url)", "frames": 3"#))
                #expect(reply.status == 200, "\(reply.body)")
                let name = try #require(HTTPField.Name("x-monocle-images"))
                #expect(reply.headers[name]?.hasPrefix("64x48;frames=3;tiles=3;") == true)
                #expect(reply.headers[name] == chat.headers[name])
                let message = (reply.json["output"] as? [[String: Any]])?.first?["content"] as? [[String: Any]]
                let choice = (chat.json["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any]
                #expect(message?.first?["text"] as? String == choice?["content"] as? String)
                for (part, code) in [
                    (#""video_url": "\#(url)", "frames": 0"#, "invalid_value"), ("\"frames\": 3", "invalid_value"),
                    (#""video_url": "https://example.com/a.mp4""#, "invalid_video"),
                ] {
                    let refused = try await client.post("/v1/responses", input(part))
                    #expect(refused.status == 400 && refused.code == code, "\(part.suffix(40)): \(refused.body)")
                }
            }
        }

        @Test(.enabled(if: isPossible, "needs ffmpeg and ffprobe of the package ffmpeg"))
        func brokenVideosAreRefusedByName() async throws {
            let clip = try Self.clip()
            var noTable = clip
            if let table = noTable.range(of: Data("moov".utf8)) {
                noTable.replaceSubrange(table, with: Data("none".utf8))
            }
            var noFrames = clip
            if let track = noFrames.range(of: Data("trak".utf8)) {
                noFrames.replaceSubrange(track, with: Data("none".utf8))
            }
            let faults: [(String, Data, Int, String)] = [
                ("an image renamed .mp4", try ServerFixture.image("gray.png"), 415, "unsupported_video"),
                ("text", Data("#EXTM3U\nfile:///etc/passwd\n".utf8), 415, "unsupported_video"),
                ("a PDF", Data("%PDF-1.7\n".utf8), 415, "unsupported_video"),
                ("a cut-off video", clip.prefix(clip.count * 2 / 3), 400, "invalid_video"),
                ("a video's first bytes", clip.prefix(24), 400, "invalid_video"),
                ("a video without its table", noTable, 400, "invalid_video"),
                ("a video without frames", noFrames, 400, "invalid_video"),
            ]
            try await ServerFixture.serve { client, _ in
                for (name, data, status, code) in faults {
                    let reply = try await client.post("/v1/chat/completions", Self.chat(data))
                    #expect(reply.status == status && reply.code == code, "\(name): \(reply.body)")
                    #expect(reply.param == "messages[0].content[0].video_url.url", "\(name)")
                    #expect(!reply.body.contains("stdin") && !reply.body.contains("0x"), "\(name): \(reply.body)")
                }
                let asImage = try await client.post(
                    "/v1/chat/completions", Self.chat(clip, "image/png", part: "image_url"))
                #expect(asImage.status == 415 && asImage.code == "unsupported_image", "\(asImage.body)")
                let asPicture = try await client.post("/v1/chat/completions", Self.chat(clip, "image/png"))
                #expect(asPicture.status == 415 && asPicture.code == "unsupported_video", "\(asPicture.body)")
            }
        }

        @Test(.enabled(if: isPossible, "needs ffmpeg and ffprobe of the package ffmpeg"))
        func videosHoldTheirLimits() async throws {
            let clip = try Self.clip()
            for (limit, value) in [(Limits.Key.videoBytes, 1000), (.videoPixels, 64 * 48 - 1), (.imageSide, 63)] {
                try await ServerFixture.serve(ServerFixture.limits([limit: value])) { client, _ in
                    let reply = try await client.post("/v1/chat/completions", Self.chat(clip))
                    #expect(reply.status == 400 && reply.code == "invalid_video", "\(limit): \(reply.body)")
                }
            }
            try await ServerFixture.serve(ServerFixture.limits([.videoFrames: 5])) { client, _ in
                let many = try await client.post(
                    "/v1/chat/completions", Self.chat(clip, "video/mp4", #", "frames": 6"#))
                #expect(many.status == 400 && many.code == "too_many_frames", "\(many.body)")
                let default8 = try await client.post("/v1/chat/completions/render", Self.chat(clip))
                let frames = (default8.json["images"] as? [[String: Any]])?.first?["frames"] as? [Int]
                #expect(frames?.count == 5, "\(default8.body)")
            }
            try await ServerFixture.serve(ServerFixture.limits([.videos: 0])) { client, _ in
                let reply = try await client.post("/v1/chat/completions", Self.chat(clip))
                #expect(reply.status == 400 && reply.code == "too_many_videos", "\(reply.body)")
            }
        }

        @Test func videosAreNotFetched() async throws {
            var settings = ServerSettings()
            settings.imageHosts = .all
            try await ServerFixture.serve(settings) { client, _ in
                let body =
                    #"{"messages": [{"role": "user", "content": [{"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}}]}]}"#
                let reply = try await client.post("/v1/chat/completions", body)
                #expect(reply.status == 400 && reply.code == "invalid_video", "\(reply.body)")
            }
        }

        /// The program that starts ffmpeg for the server has no network, starts no process and writes no file.
        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: ServerFixture.program), "needs the program"))
        func confinedProgramsReadAndNoMore() throws {
            func run(_ program: String, _ arguments: [String]) throws -> ChildProcess.Output {
                var process = ChildProcess(
                    program: program, arguments: arguments, timeout: 20, outputLimit: 1 << 20, memoryLimit: 4 << 30)
                process.launcher = [ServerFixture.program, ConfinedProgram.verb]
                return try process.run()
            }
            let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
            #expect(try run("cat", ["/proc/self/limits"]).status == 0)
            #expect(try run("sh", ["-c", ": > '\(file)'"]).status != 0)
            #expect(!FileManager.default.fileExists(atPath: file))
            #expect(try run("sh", ["-c", "(true) && true"]).status != 0)
            #expect(
                try run("bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/9"]).standardError.contains(
                    "Operation not permitted"))
        }
    }
}
