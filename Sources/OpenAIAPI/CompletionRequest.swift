// A text completion as it is asked for: a prompt without a chat template. Knows no model.

package import JSONText

package struct CompletionRequest: Sendable {
    package enum Prompt: Sendable, Equatable {
        case text(String)
        case tokens([Int32])
    }

    package let model: String?
    package let prompt: Prompt
    package let echo: Bool
    package let sampling: SamplingFields
    package let stream: StreamFields?
    package let logprobs: Int?
    package let format: OutputFormat
    package let cacheSalt: String?
    package let ignored: [String]

    package init(_ body: JSONBody, _ bounds: RequestBounds) throws(APIError) {
        var fields = try Fields(body.json)
        model = try fields.string("model")
        prompt = try Self.prompt(&fields, bounds)
        echo = try fields.bool("echo") ?? false
        sampling = try SamplingFields(&fields, bounds, maxTokensNames: ["max_tokens"])
        stream = try StreamFields.read(&fields)
        logprobs = try fields.int("logprobs", in: 0...bounds.limits[.topLogprobs])
        format = try OutputFormat.read(&fields, body, bounds.limits)
        cacheSalt = try ChatRequest.cacheSalt(&fields)
        guard fields.value("suffix") == nil else {
            throw APIError(
                400, "unsupported_parameter", param: "suffix", "suffix is not supported: the model does not infill")
        }
        if let best = try fields.int("best_of", in: 1...bounds.limits[.choices]), best != sampling.choices {
            throw .wrongValue("best_of", found: "\(best)", expected: "n (\(sampling.choices))")
        }
        _ = fields.value("user")
        ignored = fields.unknown
    }

    private static func prompt(_ fields: inout Fields, _ bounds: RequestBounds) throws(APIError) -> Prompt {
        let expected = "a string, an array of token ids, or an array with one of either"
        var path = "prompt"
        guard var value = fields.value("prompt") else { throw .missing(path, expected: expected) }
        if case .array(let elements) = value, let first = elements.first {
            if case .number = first {
            } else {
                guard elements.count == 1 else {
                    throw .wrongValue(path, found: "\(elements.count) prompts", expected: "one prompt a request")
                }
                value = first
                path = "prompt[0]"
            }
        }
        switch value {
        case .string(let text):
            guard !text.isEmpty else { throw .wrongValue(path, found: "empty", expected: "at least one character") }
            return .text(text)
        case .array(let elements):
            guard (1..<bounds.context).contains(elements.count) else {
                throw APIError(
                    400, elements.isEmpty ? "invalid_value" : "context_length_exceeded", param: path,
                    "\(path) has \(elements.count) tokens; there must be 1 to \(bounds.context - 1)")
            }
            var tokens: [Int32] = []
            for (index, element) in elements.enumerated() {
                tokens.append(Int32(try Fields.int(element, "\(path)[\(index)]", in: 0...bounds.vocabulary - 1)))
            }
            return .tokens(tokens)
        case let other: throw .wrongType(path, found: other.kindName, expected: expected)
        }
    }
}
