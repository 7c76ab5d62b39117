// A chat completion as it is asked for, checked against the limits. Past it, everything is in range. Knows no model.

package import JSONText
package import Prompting

package struct ChatRequest: Sendable {
    package let model: String?
    package let messages: OpenAIMessages
    /// The last message is the assistant's own, to be gone on with.
    package let continuesFinalMessage: Bool
    package let sampling: SamplingFields
    package let stream: StreamFields?
    /// Most likely tokens to report for each token; nil reports no log-probabilities.
    package let logprobs: Int?
    package let format: OutputFormat
    package let tools: ToolFields?
    /// Tiles of every image's grid at most.
    package let maxTiles: Int?
    package let cacheSalt: String?
    /// Names of fields that nothing is made of.
    package let ignored: [String]

    package init(_ body: JSONBody, _ bounds: RequestBounds) throws(APIError) {
        var fields = try Fields(body.json)
        model = try fields.string("model")
        guard let list = fields.value("messages") else { throw .missing("messages", expected: "an array of messages") }
        let limits = bounds.limits
        do throws(PromptingError) {
            messages = try OpenAIMessages(list, bounds: .init(messages: limits[.messages], parts: limits[.parts]))
        } catch {
            throw APIError(error)
        }
        try messages.check(limits)
        sampling = try SamplingFields(&fields, bounds, maxTokensNames: ["max_completion_tokens", "max_tokens"])
        stream = try StreamFields.read(&fields)
        logprobs = try Self.logprobs(&fields, limits)
        format = try OutputFormat.read(&fields, body, limits)
        tools = try ToolFields.read(&fields, body, limits)
        if tools != nil, format != .text {
            throw APIError(
                400, "invalid_value", param: "response_format",
                "a form of the answer cannot be asked for together with tools; leave one of them out"
            )
        }
        maxTiles = try fields.int("max_tiles", in: 1...64)
        cacheSalt = try Self.cacheSalt(&fields)
        continuesFinalMessage = try Self.continues(&fields, messages)
        for name in ["user", "store", "metadata", "service_tier", "safety_identifier", "prompt_cache_key"] {
            _ = fields.value(name)
        }
        ignored = fields.unknown
    }

    private static func logprobs(_ fields: inout Fields, _ limits: Limits) throws(APIError) -> Int? {
        let wanted = try fields.bool("logprobs") ?? false
        let top = try fields.int("top_logprobs", in: 0...limits[.topLogprobs])
        guard wanted || (top ?? 0) == 0 else {
            throw .wrongValue("top_logprobs", found: "given without logprobs", expected: "given with logprobs: true")
        }
        return wanted ? top ?? 0 : nil
    }

    static func cacheSalt(_ fields: inout Fields) throws(APIError) -> String? {
        guard let salt = try fields.string("cache_salt") else { return nil }
        guard (1...256).contains(salt.utf8.count) else {
            throw .wrongValue("cache_salt", found: "\(salt.utf8.count) bytes long", expected: "1 to 256 bytes")
        }
        return salt
    }

    private static func continues(_ fields: inout Fields, _ messages: OpenAIMessages) throws(APIError) -> Bool {
        let begins = try fields.bool("add_generation_prompt")
        let continues = try fields.bool("continue_final_message") ?? false
        guard continues else {
            guard begins != false else {
                throw .wrongValue(
                    "add_generation_prompt", found: "false", expected: "true, unless continue_final_message is true")
            }
            return false
        }
        guard begins != true else {
            throw .wrongValue(
                "continue_final_message", found: "true", expected: "false beside add_generation_prompt: true")
        }
        guard messages.conversation.messages.last?.role == .assistant else {
            throw .wrongValue(
                "continue_final_message", found: "true", expected: "false: the last message is not the assistant's")
        }
        return true
    }
}

extension OpenAIMessages {
    /// Numbers of images, documents, videos and frames, before any of them is looked at.
    func check(_ limits: Limits) throws(APIError) {
        let kinds: [(kind: Attachment.Kind, name: String, limit: Limits.Key, code: String)] = [
            (.image, "images", .images, "too_many_images"), (.document, "documents", .pdfPages, "too_many_pages"),
            (.video, "videos", .videos, "too_many_videos"),
        ]
        for (kind, name, limit, code) in kinds {
            let count = attachments.count { $0.kind == kind }
            guard count <= limits[limit] else {
                throw APIError(
                    400, code, param: "messages",
                    "the messages have \(count) \(name); the limit \(limit.rawValue) is \(limits[limit])")
            }
        }
        for attachment in attachments {
            if let frames = attachment.frames, frames > limits[.videoFrames] {
                throw APIError(
                    400, "too_many_frames", param: attachment.path,
                    "\(attachment.path) asks for \(frames) frames; the limit video-frames is \(limits[.videoFrames])")
            }
            guard case .file = attachment.media else { continue }
            throw APIError(
                400, APIError.code(ofMediaAt: attachment.path), param: attachment.path,
                "\(attachment.path) names a file; send its bytes as a data URL (data:TYPE;base64,DATA)")
        }
    }
}

extension APIError {
    /// The code of a fault in what the part at this JSON path refers to.
    package static func code(ofMediaAt path: String) -> String {
        if path.hasSuffix(".file_data") { return "invalid_document" }
        return path.hasSuffix(".video_url.url") ? "invalid_video" : "invalid_image"
    }

    /// A fault of messages or of a prompt's layout.
    package init(_ error: PromptingError) {
        switch error {
        case .media(let path, _):
            self.init(
                400, Self.code(ofMediaAt: path), param: path, error.description)
        case .message(let path, let found, let expected):
            // What was found may quote the request: only what it is not is said.
            let isSafe = !found.contains("\"")
            self.init(
                400, "invalid_value", param: path,
                isSafe
                    ? "\(path): found \(found), expected \(expected)"
                    : "\(path): found another string, expected \(expected)")
        case .tooLong: self.init(400, "context_length_exceeded", param: "messages", error.description)
        case _ where error.isFaultOfModel: self.init(500, "model_error", "the model folder cannot serve this request")
        default: self.init(400, "invalid_value", param: "messages", error.description)
        }
    }
}
