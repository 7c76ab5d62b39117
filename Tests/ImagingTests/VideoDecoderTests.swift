import Foundation
import Imaging
import Testing

/// Clips whose frame number n is gray of brightness 16 + 4n, made by ffmpeg.
private enum Clip {
    static let isPossible = ChildProcess.find("ffmpeg") != nil && ChildProcess.find("ffprobe") != nil

    static func make(
        _ codec: [String], container: String, size: String = "64x48", seconds: Double = 2, picture: String? = nil,
        sound: [String] = []
    ) throws -> Data {
        let url = FileManager.default.temporaryDirectory.appending(path: "clip-\(UUID().uuidString).\(container)")
        defer { try? FileManager.default.removeItem(at: url) }
        let gray = picture ?? "nullsrc=size=\(size):rate=25:duration=\(seconds),geq=lum='16+4*N':cb=128:cr=128"
        let output = try ChildProcess(
            program: "ffmpeg",
            arguments: ["-nostdin", "-v", "error", "-f", "lavfi", "-i", gray] + sound + ["-pix_fmt", "yuv420p"] + codec
                + [url.path],
            timeout: 60, outputLimit: 1 << 20, memoryLimit: 4 << 30
        ).run()
        try #require(output.status == 0, "\(output.standardError)")
        return try Data(contentsOf: url)
    }

    static let h264 = ["-c:v", "libx264", "-crf", "10", "-bf", "2", "-g", "12", "-threads", "1"]
    static let gray = Result { try make(h264, container: "mp4") }
    static let fastStart = Result { try make(h264 + ["-movflags", "+faststart"], container: "mp4") }
}

@Suite(.enabled(if: Clip.isPossible, "needs ffmpeg and ffprobe of the package ffmpeg"))
struct VideoDecoderTests {
    /// The numbers that the frames' brightness spells.
    private func look(
        _ data: Data, _ selection: FrameSelection, _ decoder: VideoDecoder = VideoDecoder()
    ) throws(ImagingError) -> (indices: [Int], seen: [Int], sizes: Set<[Int]>) {
        var seen: [Int] = []
        var sizes: Set<[Int]> = []
        let indices = try decoder.frames(of: .data(data, name: "clip"), selection) { image in
            let middle = 3 * (image.height / 2 * image.width + image.width / 2)
            seen.append(Int((Double(image.pixels[middle]) / 255 * 219 / 4).rounded()))
            sizes.insert([image.width, image.height])
        }
        return (indices, seen, sizes)
    }

    private func refusal(
        _ data: Data, _ decoder: VideoDecoder = VideoDecoder(), _ selection: FrameSelection = .spread(4)
    ) -> ImagingError? {
        failure { () throws(ImagingError) in _ = try look(data, selection, decoder) }
    }

    @Test func framesAreThoseAskedFor() throws {
        let data = try Clip.gray.get()
        let stream = try VideoDecoder().stream(of: .data(data, name: "clip"))
        #expect((stream.codec, stream.width, stream.height, stream.frames) == ("h264", 64, 48, 50))
        #expect(stream.rate == 25)
        for rule in [FrameSelection.spread(5), .spread(1), .spread(50), .inner(8), .rate(2.5)] {
            let (indices, seen, sizes) = try look(data, rule)
            #expect(seen == indices, "\(rule)")
            #expect(indices == rule.indices(frames: 50, rate: 25))
            #expect(sizes == [[64, 48]])
        }
    }

    @Test func aShortClipGivesItsFramesSeveralTimes() throws {
        let short = try Clip.make(Clip.h264, container: "mp4", seconds: 0.12)
        let (indices, seen, _) = try look(short, .inner(8))
        #expect(indices == [0, 0, 1, 1, 1, 2, 2, 2])
        #expect(seen == indices)
    }

    @Test(arguments: [
        (["-c:v", "libvpx-vp9", "-crf", "10", "-b:v", "0"], "webm"), (["-c:v", "mpeg4", "-qscale:v", "1"], "avi"),
        (["-c:v", "mjpeg", "-qscale:v", "1"], "mkv"), (["-c:v", "mpeg4", "-qscale:v", "1"], "mov"),
    ])
    func containersAndCodingsThatAreRead(codec: [String], container: String) throws {
        let (indices, seen, _) = try look(Clip.make(codec, container: container, seconds: 1), .spread(6))
        #expect(indices == [0, 4, 9, 14, 19, 24])
        #expect(zip(seen, indices).allSatisfy { abs($0 - $1) <= 1 }, "\(seen)")
    }

    @Test func aFileAndItsBytesGiveTheSame() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "-i http: 'é'\(UUID().uuidString).mp4")
        try Clip.gray.get().write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        var fromFile: [PixelImage] = []
        var fromBytes: [PixelImage] = []
        _ = try ImageLoader().frames(of: .file(url), .spread(3)) { fromFile.append($0) }
        _ = try ImageLoader().frames(of: .data(Clip.gray.get(), name: "x"), .spread(3)) { fromBytes.append($0) }
        #expect(fromFile == fromBytes)
        #expect(fromFile.count == 3)
    }

    /// Streams that are not looked at need no listed decoder.
    @Test func soundIsPassedOver() throws {
        let data = try Clip.make(
            Clip.h264 + ["-c:a", "flac"], container: "mkv", seconds: 1,
            sound: ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"])
        #expect(try look(data, .spread(3)).seen == [0, 12, 24])
    }

    @Test func aPhonesRotationIsApplied() throws {
        var data = try Clip.gray.get()
        let track = try #require(data.range(of: Data("tkhd".utf8)))
        let matrix: [UInt32] = [0, 0x1_0000, 0, 0xFFFF_0000, 0, 0, 48 << 16, 0, 0x4000_0000]
        let bytes = matrix.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        data.replaceSubrange(track.upperBound + 40..<track.upperBound + 76, with: bytes)
        #expect(try look(data, .spread(2)).sizes == [[48, 64]])
    }

    // MARK: Faults

    @Test func aCutOffFileIsRefused() throws {
        let table = try Clip.gray.get()
        guard case .corrupt("MP4", let detail) = refusal(table.prefix(table.count / 2)) else {
            Issue.record("a file without its table was read")
            return
        }
        #expect(detail.contains("moov"))
        #expect(!detail.contains("stdin") && !detail.contains("0x"))
        let fast = try Clip.fastStart.get()
        let cut = refusal(fast.prefix(fast.count * 3 / 4))
        guard case .truncated = cut else {
            Issue.record("a file without its end gave \(cut as Any)")
            return
        }
        let web = try Clip.make(["-c:v", "libvpx-vp9", "-crf", "10", "-b:v", "0"], container: "webm", seconds: 1)
        #expect(refusal(web.prefix(web.count / 2)) != nil)
    }

    @Test func whatIsNoVideoIsRefusedByName() throws {
        let png = Data(try Fixture.bytes("palette.png"))
        #expect(refusal(png) == .unsupported(found: "PNG data where a video was expected"))
        #expect(refusal(Data("#EXTM3U\n#EXT-X-VERSION:3\nfile:///etc/passwd\n".utf8)) == .unsupported(found: nil))
        #expect(refusal(Data("ffconcat version 1.0\nfile /etc/passwd\n".utf8)) == .unsupported(found: nil))
        #expect(refusal(Data()) == .empty)
        guard
            case .unsupported = failure({ () throws(ImagingError) in
                _ = try ImageLoader().load(.data(try! Clip.gray.get(), name: "x"))
            }).map({ if case .file(_, let reason) = $0 { reason } else { $0 } })
        else {
            Issue.record("a video was decoded as an image")
            return
        }
    }

    @Test func whatHasNoPicturesIsRefused() throws {
        let sound = try Clip.make(
            ["-c:a", "aac", "-vn"], container: "mp4", picture: "sine=frequency=440:duration=0.2")
        #expect(refusal(sound) == .variant(format: "MP4", found: "no stream of pictures", expected: "one"))
        let rare = try Clip.make(["-c:v", "ffv1"], container: "mkv", seconds: 0.2)
        guard case .variant("Matroska", "pictures coded as ffv1", _) = refusal(rare) else {
            Issue.record("a coding that is not listed was decoded")
            return
        }
        #expect(refusal(try Clip.gray.get(), VideoDecoder(), .spread(0)) == .noFrames)
    }

    @Test func limitsHold() throws {
        let data = try Clip.gray.get()
        func overLimit(_ limits: VideoLimits, _ selection: FrameSelection = .spread(4)) -> String? {
            guard case .overLimit(_, _, _, let unit) = refusal(data, VideoDecoder(limits: limits), selection) else {
                return nil
            }
            return unit
        }
        #expect(overLimit(VideoLimits(bytes: 100)) == "bytes")
        #expect(overLimit(VideoLimits(pixels: 64 * 48 - 1)) == "pixels")
        #expect(overLimit(VideoLimits(side: 63)) == "pixels")
        #expect(overLimit(VideoLimits(frames: 4), .spread(5)) == "frames")
        #expect(overLimit(VideoLimits(pixels: 64 * 48, side: 64, frames: 4)) == nil)
        let wide = try Clip.make(["-c:v", "mjpeg"], container: "avi", size: "8200x16", seconds: 0.04)
        guard case .overLimit = refusal(wide) else {
            Issue.record("frames of 8200 pixels were decoded")
            return
        }
        guard case .timedOut = refusal(data, VideoDecoder(limits: VideoLimits(timeout: 0.01))) else {
            Issue.record("ffprobe took less than 10 ms")
            return
        }
    }

    /// Bytes changed at random cost an error or wrong pixels, never more.
    @Test func brokenBytesAreSurvived() throws {
        let data = try Clip.fastStart.get()
        var state: UInt64 = 9
        for _ in 0..<6 {
            var broken = data
            for _ in 0..<8 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                broken[Int(state >> 33) % broken.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            do throws(ImagingError) {
                let (indices, seen, _) = try look(broken, .spread(3), VideoDecoder(limits: VideoLimits(timeout: 20)))
                #expect(seen.count == indices.count)
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
    }
}
