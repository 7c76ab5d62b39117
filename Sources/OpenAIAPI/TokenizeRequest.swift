// `/tokenize` and `/detokenize` as they are asked for: text or messages to ids, and back. Knows no tokenizer.

package struct TokenizeRequest: Sendable {
    package enum Input: Sendable {
        case text(String, beginToken: Bool)
        case chat(ChatRequest)
    }
    package let input: Input
    package let returnsStrings: Bool

    package init(_ body: JSONBody, _ bounds: RequestBounds) throws(APIError) {
        var fields = try Fields(body.json)
        returnsStrings = try fields.bool("return_token_strs") ?? false
        if let text = try fields.string("prompt") {
            input = .text(text, beginToken: try fields.bool("add_special_tokens") ?? true)
        } else if fields.value("messages") != nil {
            input = .chat(try ChatRequest(body, bounds))
        } else {
            throw .missing("prompt", expected: "a string, or messages an array of messages")
        }
    }
}

package struct DetokenizeRequest: Sendable {
    package let tokens: [Int32]

    package init(_ body: JSONBody, _ bounds: RequestBounds) throws(APIError) {
        var fields = try Fields(body.json)
        guard let values = try fields.array("tokens", limit: 1 << 20) else {
            throw .missing("tokens", expected: "an array of token ids")
        }
        var tokens: [Int32] = []
        for (index, value) in values.enumerated() {
            tokens.append(Int32(try Fields.int(value, "tokens[\(index)]", in: 0...bounds.vocabulary - 1)))
        }
        self.tokens = tokens
    }
}
