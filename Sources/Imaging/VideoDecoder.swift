// Frames of a video as pixels, through the programs ffprobe and ffmpeg. Knows nothing of codings and containers' insides.

import Foundation

/// Lists and decodes in child processes, so that a hostile video can cost no more than `VideoLimits`: the container is named
/// beforehand and never guessed, so that no playlist is followed; only listed codings are decoded; the children read
/// their standard input and nothing else, and speak no network protocol.
package struct VideoDecoder: Sendable {
    package var limits: VideoLimits
    /// Starts the children confined; see `ChildProcess.launcher`.
    package var launcher: [String] = []
    /// What the children can be called off by.
    package var leash: ChildLeash?

    package init(limits: VideoLimits = VideoLimits()) { self.limits = limits }

    private static let package = "ffmpeg"

    /// What decodes, by ffmpeg's names: several for a coding where builds of ffmpeg differ.
    private static let decoders = [
        "h264", "hevc", "av1", "libdav1d", "libaom-av1", "vp8", "libvpx", "vp9", "libvpx-vp9", "mpeg1video",
        "mpeg2video", "mpeg4", "mjpeg", "prores",
    ].joined(separator: ",")

    private static let codings = "H.264, HEVC, AV1, VP8, VP9, MPEG-1, MPEG-2, MPEG-4, Motion JPEG or ProRes"

    // MARK: What is in a video

    /// The first stream of pictures.
    package func stream(of source: ImageSource) throws(ImagingError) -> VideoStream {
        try stream(of: Video(source, limits))
    }

    private func stream(of video: Video) throws(ImagingError) -> VideoStream {
        let output = try run(
            "ffprobe",
            [
                "-v", "error", "-protocol_whitelist", "file", "-f", video.demuxer,
                // Only for pictures: ffprobe gives up a file of which any stream has a decoder that is not allowed.
                "-codec_whitelist:V", Self.decoders, "-select_streams", "V:0", "-show_entries",
                "stream=codec_name,width,height,avg_frame_rate:packet=flags", "-of", "compact",
                Self.standardInput,
            ], video)
        if let match = output.standardError.firstMatch(of: #/Codec \((\w+)\) not on whitelist/#) {
            throw .variant(
                format: video.format, found: "pictures coded as \(match.1)", expected: Self.codings)
        }
        if output.status < 0 { throw .decoderUnavailable }
        let list = String(decoding: output.standardOutput, as: UTF8.self)
        guard let stream = VideoStream(list: list) else {
            throw output.status == 0
                ? .variant(format: video.format, found: "no stream of pictures", expected: "one")
                : .corrupt(format: video.format, detail: Self.reason(output.standardError))
        }
        guard stream.width > 0, stream.height > 0 else {
            throw .corrupt(format: video.format, detail: "its frames have no size")
        }
        try limits.check(width: stream.width, height: stream.height)
        // What ffmpeg's readers of MP4 and of Matroska say of a file that is cut off; it would go on with what is there.
        guard !["partial file", "ended prematurely"].contains(where: output.standardError.contains) else {
            throw .truncated(
                format: video.format, detail: "the file ends after \(stream.frames) frames, before its own end")
        }
        guard stream.frames > 0 else { throw .noFrames }
        return stream
    }

    // MARK: Frames

    /// Decodes the frames that the rule picks and hands them over in order, each as often as the rule names it.
    /// - Returns: the numbers of the frames.
    package func frames(
        of source: ImageSource, _ selection: FrameSelection, take: (PixelImage) -> Void
    ) throws(ImagingError) -> [Int] {
        let video = try Video(source, limits)
        let stream = try stream(of: video)
        let indices = selection.indices(frames: stream.frames, rate: stream.rate)
        guard !indices.isEmpty else { throw .noFrames }
        guard indices.count <= limits.frames else {
            throw .overLimit(
                what: "the number of frames looked at", found: indices.count, allowed: limits.frames, unit: "frames")
        }
        let times = indices.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        let wanted = times.keys.sorted()
        var pixmaps = PortablePixmap.Stream(pixels: limits.pixels)
        var taken = 0
        let process = process("ffmpeg", Self.decoding(wanted, video, pixels: limits.pixels))
        let end: (status: Int32, standardError: String)
        do {
            end = try process.run(input: video.input) { bytes in
                pixmaps.append(bytes) { image in
                    guard taken < wanted.count else { return false }
                    for _ in 0..<(times[wanted[taken]] ?? 0) { take(image) }
                    taken += 1
                    return true
                }
            }
        } catch {
            throw refusal(error, "ffmpeg")
        }
        if end.status < 0 { throw .decoderUnavailable }
        guard end.status == 0 else {
            throw .corrupt(format: video.format, detail: Self.reason(end.standardError))
        }
        guard taken == wanted.count else {
            throw .truncated(
                format: video.format, detail: "\(taken) of \(wanted.count) frames looked at could be decoded")
        }
        return indices
    }

    /// Arguments that write the frames as pixmaps. Frames get times of their own, a 25th of a second apart, so that none
    /// is left out or doubled to keep a rate.
    private static func decoding(_ frames: [Int], _ video: Video, pixels: Int) -> [String] {
        let chosen = frames.map { "eq(n\\,\($0))" }.joined(separator: "+")
        let filters = [
            "select=\(chosen)", "settb=1/25", "setpts=N", "scale=flags=bicubic+accurate_rnd+full_chroma_int+bitexact",
            "format=rgb24",
        ]
        return [
            "-nostdin", "-hide_banner", "-v", "error", "-filter_threads", "1", "-protocol_whitelist", "file,pipe", "-f",
            video.demuxer,
            "-threads", "2", "-max_pixels", "\(pixels)", "-codec_whitelist", decoders, "-i",
            standardInput, "-map", "0:V:0", "-an", "-sn", "-dn", "-vf", filters.joined(separator: ","), "-r", "25",
            "-frames:v", "\(frames.count)", "-f", "image2pipe", "-c:v", "ppm", "pipe:1",
        ]
    }

    // MARK: The children

    /// A file, unlike the pipe protocol, can be moved about in.
    private static let standardInput = "file:/dev/stdin"

    private func process(_ program: String, _ arguments: [String]) -> ChildProcess {
        var process = ChildProcess(
            program: program, arguments: arguments, timeout: limits.timeout, outputLimit: 64 << 20,
            memoryLimit: limits.memory)
        process.launcher = launcher
        process.leash = leash
        return process
    }

    private func run(
        _ program: String, _ arguments: [String], _ video: Video
    ) throws(ImagingError) -> ChildProcess.Output {
        do {
            return try process(program, arguments).run(input: video.input)
        } catch {
            throw refusal(error, program)
        }
    }

    private func refusal(_ failure: ChildProcess.Failure, _ program: String) -> ImagingError {
        switch failure {
        case .notFound: .missingProgram(name: program, package: Self.package, purpose: "decodes videos")
        case .timedOut: .timedOut(name: program, seconds: limits.timeout)
        case .calledOff: .calledOff
        case .notStarted(let reason): .programFailed(name: program, reason: reason)
        case .outputRefused: .programFailed(name: program, reason: "it wrote more, or larger frames, than announced")
        }
    }

    /// The first thing a program complained about, without the names and addresses it puts before it.
    private static func reason(_ standardError: String) -> String {
        let line = standardError.split(whereSeparator: \.isNewline).first.map { line in
            String(line).replacing("\(standardInput): ", with: "").replacing(#/^\[[^\]]*\] /#, with: "")
        }
        return line ?? "it cannot be decoded"
    }
}

/// A source that begins as a video does.
private struct Video {
    let input: ChildProcess.Input
    let format: String
    /// ffmpeg's name of the container.
    let demuxer: String

    init(_ source: ImageSource, _ limits: VideoLimits) throws(ImagingError) {
        let size: Int
        let found: ImageFormat
        switch source {
        case .file(let url):
            size = try ImageLoader.regularFileSize(url)
            guard size > 0 else { throw .empty }
            found = try ImageFormat(sniffing: ImageLoader.beginning(of: url).bytes)
            input = .file(url)
        case .data(let data, _):
            size = data.count
            found = try ImageFormat(sniffing: data.bytes)
            input = .data(data)
        case .pixels: throw .unsupported(found: "an image where a video was expected")
        }
        switch found {
        case .mp4: demuxer = "mov"
        case .matroska: demuxer = "matroska"
        case .avi: demuxer = "avi"
        case .jpeg, .png, .webP, .pdf:
            throw .unsupported(found: "\(found.rawValue) data where a video was expected")
        }
        format = found.rawValue
        guard size <= limits.bytes else {
            throw .overLimit(what: "the video", found: size, allowed: limits.bytes, unit: "bytes")
        }
    }
}
