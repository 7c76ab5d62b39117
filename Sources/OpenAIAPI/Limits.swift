// The table of limits: every bound the server puts on a request, its default and what passing it answers. Knows
// numbers, not how they are enforced.

/// One value for each limit. `Limits()` holds the defaults.
package struct Limits: Sendable, Equatable {
    /// A limit's name, as configuration, messages, `GET /v1/limits` and the documentation spell it.
    package enum Key: String, CaseIterable, Sendable {
        case bodyBytes = "body-bytes"
        case bodyBytesTotal = "body-bytes-total"
        case bodySeconds = "body-seconds"
        case headerBytes = "header-bytes"
        case headerCount = "header-count"
        case headerSeconds = "header-seconds"
        case connections
        case idleSeconds = "idle-seconds"
        case stalledSeconds = "stalled-seconds"
        case keepAliveSeconds = "keep-alive-seconds"
        case images
        case imageBytes = "image-bytes"
        case imagePixels = "image-pixels"
        case imageSide = "image-side"
        case imageSeconds = "image-seconds"
        case decodedBytes = "decoded-bytes"
        case decodedBytesTotal = "decoded-bytes-total"
        case keptImageBytes = "kept-image-bytes"
        case pdfPages = "pdf-pages"
        case pdfBytes = "pdf-bytes"
        case pdfShortSide = "pdf-short-side"
        case pdfLongSide = "pdf-long-side"
        case pdfSeconds = "pdf-seconds"
        case documentsAtOnce = "documents-at-once"
        case videos
        case videoBytes = "video-bytes"
        case videoFrames = "video-frames"
        case videoPixels = "video-pixels"
        case videoSeconds = "video-seconds"
        case videosAtOnce = "videos-at-once"
        case fetchSeconds = "fetch-seconds"
        case fetchHops = "fetch-hops"
        case messages
        case parts
        case choices
        case topLogprobs = "top-logprobs"
        case stops
        case stopBytes = "stop-bytes"
        case logitBias = "logit-bias"
        case tools
        case schemaBytes = "schema-bytes"
        case schemaDepth = "schema-depth"
        case schemaStates = "schema-states"
        case schemaSteps = "schema-steps"
        case requests
        case queueRequests = "queue-requests"
        case queueTokens = "queue-tokens"
        case queueSeconds = "queue-seconds"
        case requestSeconds = "request-seconds"
        case drainSeconds = "drain-seconds"
    }

    /// What is known about a limit besides its value.
    package struct Rule: Sendable {
        package let standard: Int
        package let range: ClosedRange<Int>
        package let unit: String
        package let meaning: String
        /// Status and code of a request that passes it, or what happens instead.
        package let answer: String

        init(_ standard: Int, _ range: ClosedRange<Int>, _ unit: String, _ meaning: String, _ answer: String) {
            self.standard = standard
            self.range = range
            self.unit = unit
            self.meaning = meaning
            self.answer = answer
        }
    }

    private var values: [Key: Int] = [:]

    package init() {}

    package subscript(key: Key) -> Int { values[key] ?? key.rule.standard }

    package mutating func set(_ key: Key, _ value: Int) throws(LimitError) {
        guard key.rule.range.contains(value) else { throw LimitError(key: key, value: value) }
        values[key] = value
    }
}

/// A configured limit outside its own range.
package struct LimitError: Error, CustomStringConvertible {
    package let key: Limits.Key
    package let value: Int

    package var description: String {
        let range = key.rule.range
        return
            "limit \(key.rawValue) is \(value); it must be \(range.lowerBound) to \(range.upperBound) \(key.rule.unit)"
    }
}

extension Limits.Key {
    package var rule: Limits.Rule {
        switch self {
        case .bodyBytes: .init(32 << 20, 1024...(1 << 30), "bytes", "a request body", "413 body_too_large")
        case .bodyBytesTotal:
            .init(1 << 30, 1024...(64 << 30), "bytes", "request bodies at once", "waits, then 503 overloaded")
        case .bodySeconds: .init(60, 1...3600, "seconds", "receiving a request body", "408 request_timeout")
        case .headerBytes: .init(16 << 10, 1024...(1 << 20), "bytes", "all header fields", "431")
        case .headerCount: .init(100, 8...1000, "fields", "header fields", "431")
        case .headerSeconds: .init(10, 1...600, "seconds", "receiving the header", "408")
        case .connections: .init(1024, 1...65_536, "connections", "connections at once", "waits to be accepted")
        case .idleSeconds: .init(75, 1...3600, "seconds", "a connection without a request", "closed")
        case .stalledSeconds: .init(30, 1...3600, "seconds", "a client that does not read its answer", "closed")
        case .keepAliveSeconds: .init(10, 1...600, "seconds", "silence in a stream before a comment", "a comment line")
        case .images: .init(4, 0...16, "images", "images of a request", "400 too_many_images")
        case .imageBytes: .init(20 << 20, 64...(256 << 20), "bytes", "an encoded image", "400 invalid_image")
        case .imagePixels: .init(72_000_000, 1...500_000_000, "pixels", "width times height", "400 invalid_image")
        case .imageSide: .init(16_384, 1...65_535, "pixels", "the longer side of an image", "400 invalid_image")
        case .imageSeconds: .init(10, 1...120, "seconds", "decoding an image", "400 invalid_image")
        case .decodedBytes:
            .init(512 << 20, 1 << 20...(8 << 30), "bytes", "decoded images of a request", "400 invalid_image")
        case .decodedBytesTotal:
            .init(2 << 30, 1 << 20...(64 << 30), "bytes", "images being decoded at once", "waits, then 503 overloaded")
        case .keptImageBytes:
            .init(128 << 20, 0...(64 << 30), "bytes", "tiles of images kept for another question", "decoded again")
        case .pdfPages: .init(4, 0...16, "pages", "PDF pages of a request", "400 too_many_pages")
        case .pdfBytes: .init(20 << 20, 64...(256 << 20), "bytes", "a PDF document", "400 invalid_document")
        case .pdfShortSide: .init(2048, 64...8192, "pixels", "the shorter side of a rendered page", "rendered smaller")
        case .pdfLongSide: .init(3072, 64...8192, "pixels", "the longer side of a rendered page", "rendered smaller")
        case .pdfSeconds: .init(10, 1...120, "seconds", "rendering a page", "400 invalid_document")
        case .documentsAtOnce:
            .init(2, 1...64, "requests", "requests whose documents are rendered at once", "waits, then 503 overloaded")
        case .videos: .init(1, 0...16, "videos", "videos of a request", "400 too_many_videos")
        case .videoBytes: .init(20 << 20, 64...(256 << 20), "bytes", "a video", "400 invalid_video")
        case .videoFrames: .init(32, 1...256, "frames", "frames looked at of a video", "400 too_many_frames")
        case .videoPixels:
            .init(9_437_184, 1...100_000_000, "pixels", "width times height of a frame", "400 invalid_video")
        case .videoSeconds:
            .init(30, 1...600, "seconds", "listing a video's frames, and decoding them", "400 invalid_video")
        case .videosAtOnce:
            .init(2, 1...64, "requests", "requests whose videos are decoded at once", "waits, then 503 overloaded")
        case .fetchSeconds: .init(10, 1...120, "seconds", "fetching an image URL", "400 invalid_image_url")
        case .fetchHops: .init(3, 0...10, "redirects", "redirects of an image URL", "400 invalid_image_url")
        case .messages: .init(1024, 1...65_536, "messages", "messages of a request", "400 invalid_value")
        case .parts: .init(4096, 1...65_536, "parts", "content parts of a request", "400 invalid_value")
        case .choices: .init(8, 1...128, "choices", "n", "400 invalid_value")
        case .topLogprobs: .init(20, 0...20, "tokens", "top_logprobs", "400 invalid_value")
        case .stops: .init(4, 0...64, "strings", "stop", "400 invalid_value")
        case .stopBytes: .init(256, 1...4096, "bytes", "a stop string", "400 invalid_value")
        case .logitBias: .init(1024, 0...65_536, "tokens", "logit_bias", "400 invalid_value")
        case .tools: .init(128, 0...1024, "tools", "tools", "400 invalid_value")
        case .schemaBytes: .init(64 << 10, 64...(16 << 20), "bytes", "a JSON Schema or pattern", "400 invalid_schema")
        case .schemaDepth: .init(32, 1...64, "levels", "nesting of a schema", "400 invalid_schema")
        case .schemaStates: .init(100_000, 1000...10_000_000, "states", "a compiled schema", "400 invalid_schema")
        case .schemaSteps:
            .init(20_000_000, 1000...1_000_000_000, "steps", "work of compiling a schema", "400 invalid_schema")
        case .requests: .init(320, 1...65_536, "requests", "requests under way in any stage", "503 overloaded")
        case .queueRequests: .init(256, 0...65_536, "requests", "requests waiting for the model", "503 overloaded")
        case .queueTokens:
            .init(0, 0...(1 << 30), "tokens", "prompt tokens waiting; 0 is 8 contexts", "503 overloaded")
        case .queueSeconds: .init(120, 1...86_400, "seconds", "waiting for the model", "503 queue_timeout")
        case .requestSeconds: .init(600, 1...86_400, "seconds", "a request as a whole", "504 deadline_exceeded")
        case .drainSeconds: .init(30, 0...3600, "seconds", "finishing requests after SIGTERM", "an error event")
        }
    }
}
