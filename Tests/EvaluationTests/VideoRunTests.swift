import BenchmarkData
import Evaluation
import Foundation
import Imaging
import JSONText
import Monocle
import Scoring
import Synchronization
import TestSupport
import Testing

/// Video-MME's questions about a clip of 12 frames, each brighter than the one before.
struct VideoRunTests {
    private static let isPossible = ChildProcess.find("ffmpeg") != nil && ChildProcess.find("ffprobe") != nil

    private let place: TemporaryFolder
    private let clip = Goldens.fixtures.appending(path: "video/counting.mp4")

    init() throws {
        place = try TemporaryFolder()
        let rows = ["v", "none", "broken"].map {
            #"{"question_id": "\#($0)-1", "videoID": "\#($0)", "question": "Next?", "options": ["A. Rain.", "B. Snow."], "answer": "A"}"#
        }
        try Data(rows.joined(separator: "\n").utf8).write(to: place.url.appending(path: "v.jsonl"))
        try FileManager.default.copyItem(at: clip, to: place.url.appending(path: "v.mp4"))
        try Data(contentsOf: clip).prefix(700).write(to: place.url.appending(path: "broken.mp4"))
    }

    private func benchmark(_ profile: Profile, frames: Int) throws -> TableBenchmark {
        try TableBenchmark(
            .videomme, profile: profile, table: DataSource.table(place.url.appending(path: "v.jsonl")),
            frames: VideoFrames(count: frames, rate: nil, profile: profile))
    }

    @Test(.enabled(if: isPossible, "needs ffmpeg and ffprobe of the package ffmpeg"))
    func aVideoIsOneSpanOfFrames() async throws {
        let model = try VisionLanguageModel(
            loading: Goldens.checkpoint("bf16"), options: LoadOptions(precision: .f32, context: 1024))
        for (profile, frames) in [(Profile.vlmevalkit, [2, 4, 7, 9]), (.lmmsEval, [0, 3, 7, 11])] {
            let benchmark = try benchmark(profile, frames: 4)
            let path = place.url.appending(path: "\(profile.rawValue).run").path
            let file = try AnswerFile(continuing: path, header: header(benchmark.settings))
            let scorer = BenchmarkScorer(try Scorer(.videomme, profile: profile))
            try await AnswerRun(benchmark, respondent: model, scorer: scorer, maxTokens: 2).run(0..<3, into: file) {
                _ in
            }
            let lines = try AnswerResults(reading: path).lines
            let image = try #require(lines[0]?.outcome.images.first)
            #expect(lines[0]?.outcome.images.count == 1 && image.frames == frames && image.tiles == 4)
            #expect(image.grid == [1, 1] && image.width == 64 && image.height == 48 && image.reference == "v.mp4")
            #expect(image.digest == FNV1a.digits(try Data(contentsOf: clip).bytes))
            #expect(lines[0]?.outcome.verdict != nil && lines[0]?.item.cluster == "v")
            // A video that is not there, and one that is no video to ffmpeg, are errors of their own items.
            for index in 1...2 {
                #expect(lines[index]?.outcome.error?.kind == .data && lines[index]?.outcome.verdict == nil)
            }
        }
    }

    @Test(.enabled(if: isPossible, "needs ffmpeg and ffprobe of the package ffmpeg"))
    func aServerIsSentAnImageForEachFrame() async throws {
        let seen = Mutex<JSON?>(nil)
        let server = try StubServer { request in
            seen.withLock { $0 = try? request.body.withUnsafeBytes { try JSON($0) } }
            return .completion("B")
        }
        defer { server.stop() }
        let endpoint = try ChatEndpoint(server.url, model: "m", timeout: 5, attempts: 1, connections: 1)
        let item = try benchmark(.lmmsEval, frames: 3).item(at: 0)
        _ = try await EndpointRespondent(endpoint).reply(to: item, maxTokens: 9)
        await endpoint.close()
        let content = seen.withLock { $0 }?["messages"]?.elements?.first?["content"]?.elements ?? []
        #expect(content.map { $0["type"]?.text } == ["image_url", "image_url", "image_url", "text"])
        var expected: [PixelImage] = []
        _ = try VideoDecoder().frames(of: .file(clip), .spread(3)) { expected.append($0) }
        for (part, frame) in zip(content, expected) {
            let url = try #require(part["image_url"]?["url"]?.text)
            let data = try #require(Data(base64Encoded: String(url.dropFirst("data:image/png;base64,".count))))
            #expect(try PixelImage(decoding: data.bytes) == frame)
        }
    }
}
