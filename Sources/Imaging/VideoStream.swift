// What a video is before any of it is decoded, as ffprobe lists it. Knows the list, not the program.

/// The stream of pictures in a video file.
package struct VideoStream: Sendable, Equatable {
    /// ffmpeg's name of the coding.
    package let codec: String
    /// Pixels as stored, before a rotation is applied.
    package let width: Int
    package let height: Int
    /// Frames that come out of the decoder.
    package let frames: Int
    /// Frames in a second, on average; 0 when the file does not say.
    package let rate: Double

    /// Reads lines such as `packet|flags=K_` and `stream|codec_name=h264|width=320|…`; nil when no line describes a
    /// stream of pictures.
    init?(list: String) {
        var stream: [Substring: Substring] = [:]
        var frames = 0
        for line in list.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("packet|flags=") {
                // One marked D is decoded for the sake of others and not shown.
                if !line.dropFirst(13).contains("D") { frames += 1 }
            } else if line.hasPrefix("stream|"), stream.isEmpty {
                for field in line.split(separator: "|").dropFirst() {
                    let words = field.split(separator: "=", maxSplits: 1)
                    if words.count == 2 { stream[words[0]] = words[1] }
                }
            }
        }
        guard let codec = stream["codec_name"], let width = stream["width"].flatMap({ Int($0) }),
            let height = stream["height"].flatMap({ Int($0) })
        else { return nil }
        self.codec = String(codec)
        self.width = width
        self.height = height
        self.frames = frames
        let rate = stream["avg_frame_rate"]?.split(separator: "/").compactMap { Double($0) } ?? []
        self.rate = rate.count == 2 && rate[1] > 0 ? rate[0] / rate[1] : 0
    }
}
