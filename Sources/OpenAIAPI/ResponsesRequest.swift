// The stateless subset of the Responses API, read into the chat request that means the same. Knows no model.

package import JSONText
import Prompting

package struct ResponsesRequest: Sendable {
    /// The conversation with `instructions` before it.
    package let chat: ChatRequest

    package init(_ body: JSONBody, _ bounds: RequestBounds) throws(APIError) {
        var fields = try Fields(body.json)
        for name in ["previous_response_id", "conversation", "prompt"] where fields.value(name) != nil {
            throw APIError(
                400, "unsupported_parameter", param: name,
                "\(name) is not supported: responses are not stored; send the whole conversation as input")
        }
        for name in ["background", "store"] where try fields.bool(name) == true {
            throw APIError(
                400, "unsupported_parameter", param: name, "\(name) is true; responses are not stored here: send false")
        }
        guard try fields.array("tools", limit: bounds.limits[.tools])?.isEmpty ?? true else {
            throw APIError(
                400, "unsupported_parameter", param: "tools",
                "tools are not supported in /v1/responses; they are in /v1/chat/completions")
        }
        let instructions = try fields.string("instructions")
        guard let input = fields.value("input") else {
            throw .missing("input", expected: "a string or an array of messages")
        }
        var messages: [JSON] = instructions.map { [Self.message("system", .string($0))] } ?? []
        switch input {
        case .string: messages.append(Self.message("user", input))
        case .array(let items):
            for (index, item) in items.enumerated() { messages.append(try Self.message(item, "input[\(index)]")) }
        case let other: throw .wrongType("input", found: other.kindName, expected: "a string or an array of messages")
        }
        chat = try ChatRequest(fields: &fields, body: body, messages: messages, bounds)
    }

    private static func message(_ role: String, _ content: JSON) -> JSON {
        .object(["role": .string(role), "content": content])
    }

    private static func message(_ value: JSON, _ path: String) throws(APIError) -> JSON {
        var fields = try Fields(value, path)
        if let type = try fields.string("type"), type != "message" {
            throw APIError(
                400, "unsupported_parameter", param: "\(path).type",
                "\(path).type must be \"message\", the only kind of item here")
        }
        guard let role = try fields.string("role") else { throw .missing("\(path).role", expected: "a role") }
        switch fields.value("content") {
        case .some(.array(let parts)):
            var read: [JSON] = []
            for (index, part) in parts.enumerated() { read.append(try Self.part(part, "\(path).content[\(index)]")) }
            return message(role, .array(read))
        case let content: return message(role, content ?? .null)
        }
    }

    private static func part(_ value: JSON, _ path: String) throws(APIError) -> JSON {
        var fields = try Fields(value, path)
        switch try fields.string("type") {
        case "input_text", "output_text":
            return .object(["type": .string("text"), "text": fields.value("text") ?? .null])
        case "input_image":
            var image: [String: JSON] = ["url": fields.value("image_url") ?? .null]
            image["detail"] = fields.value("detail")
            image["max_tiles"] = fields.value("max_tiles")
            return .object(["type": .string("image_url"), "image_url": .object(image)])
        case "input_file":
            var file: [String: JSON] = ["file_data": fields.value("file_data") ?? .null]
            file["pages"] = fields.value("pages")
            return .object(["type": .string("file"), "file": .object(file)])
        case "input_video":
            // OpenAI names no part for videos; this is the one of services that take them.
            var video: [String: JSON] = ["url": fields.value("video_url") ?? .null]
            video["frames"] = fields.value("frames")
            return .object(["type": .string("video_url"), "video_url": .object(video)])
        default:
            throw .wrongValue(
                "\(path).type", found: "another or missing",
                expected: "\"input_text\", \"input_image\", \"input_file\" or \"input_video\"")
        }
    }
}

extension ChatRequest {
    /// From the fields of a Responses request, whose messages are read already.
    init(
        fields: inout Fields, body: JSONBody, messages list: [JSON], _ bounds: RequestBounds
    ) throws(APIError) {
        let limits = bounds.limits
        model = try fields.string("model")
        do throws(PromptingError) {
            messages = try OpenAIMessages(
                .array(list), bounds: .init(messages: limits[.messages], parts: limits[.parts]))
        } catch {
            throw APIError(error)
        }
        try messages.check(limits)
        sampling = try SamplingFields(&fields, bounds, maxTokensNames: ["max_output_tokens"])
        stream = try StreamFields.read(&fields)
        logprobs = nil
        format = try OutputFormat.readText(&fields, body, limits)
        tools = nil
        maxTiles = try fields.int("max_tiles", in: 1...64)
        cacheSalt = try Self.cacheSalt(&fields)
        continuesFinalMessage = false
        for name in ["user", "metadata", "tool_choice", "parallel_tool_calls", "include", "truncation"] {
            _ = fields.value(name)
        }
        ignored = fields.unknown
    }
}
