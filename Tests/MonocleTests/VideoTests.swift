import Foundation
import Imaging
import Monocle
import Prompting
import TestSupport
import Testing

/// A clip of 12 frames, each brighter than the one before.
struct VideoTests {
    private static let isPossible = ChildProcess.find("ffmpeg") != nil && ChildProcess.find("ffprobe") != nil

    private let clip = Goldens.fixtures.appending(path: "video/counting.mp4")

    private func model() throws -> VisionLanguageModel {
        try VisionLanguageModel(
            loading: Goldens.checkpoint("bf16"), options: LoadOptions(precision: .f32, context: 1024))
    }

    @Test(.enabled(if: isPossible, "needs ffmpeg and ffprobe of the package ffmpeg"))
    func framesAreTilesOfOneSpan() throws {
        let model = try model()
        let source = Inquiry.Source(.file(clip), frames: .spread(4), detail: .auto)
        let prepared = try model.prepare(Inquiry(.question("What happens?", system: nil), sources: [source]))
        let use = try #require(prepared.images.first)
        #expect(prepared.images.count == 1)
        #expect(use.frames == [0, 3, 7, 11])
        #expect((use.width, use.height) == (64, 48))
        #expect(use.grid == [1, 1] && use.tiles == 4)
        let tokensPerTile = use.tokens / 4
        #expect(prepared.imageSpans.map(\.count) == [4 * tokensPerTile])
        // Each tile is what the frame alone, as an image of one tile, is cut to.
        var pixels: [UInt8] = []
        let side = try #require(model.folder.configuration.vision?.tileSize)
        let plan = try TilePlan(width: 64, height: 48, tileSize: side, maxTiles: 12, useThumbnail: true, detail: .low)
        _ = try ImageLoader().frames(of: .file(clip), .spread(4)) { pixels += Tiles($0, plan: plan).bytes }
        #expect(prepared.request.images.first?.content.pixels == pixels)
        #expect(Set([0, 1, 2, 3].map { pixels[$0 * 3 * side * side] }).count == 4)
    }

    @Test(.enabled(if: isPossible, "needs ffmpeg and ffprobe of the package ffmpeg"))
    func aQuestionLooksAtFramesThatAreThere() async throws {
        let model = try model()
        func frames(_ count: Int?) async throws -> [Int]? {
            let question = Question(
                "What happens?", attachments: [Attachment(clip, frames: count)], answer: AnswerOptions(maxTokens: 1))
            return try await model.ask(question).images.first?.frames
        }
        #expect(try await frames(nil)?.count == Attachment.standardFrames)
        #expect(try await frames(1) == [0])
        #expect(try await frames(50) == Array(0..<12))
    }

    @Test func onlyVideosHaveFramesAndOnlyDocumentsPages() throws {
        let model = try model()
        let image = Goldens.fixtures.appending(path: "images/gray.png")
        for source in [
            Inquiry.Source(.file(image), frames: .spread(2), detail: .auto),
            Inquiry.Source(.file(clip), pages: 1...1, detail: .auto),
        ] {
            #expect {
                _ = try model.prepare(Inquiry(.question("What happens?", system: nil), sources: [source]))
            } throws: { error in
                guard case ImagingError.file(_, .parameter) = error else { return false }
                return true
            }
        }
    }
}
