// The fields that say how tokens are chosen and when the answer ends, the same in every request. Knows no sampling.

package import JSONText

package struct SamplingFields: Sendable, Equatable {
    package var choices = 1
    package var temperature: Double?
    package var topP: Double?
    package var topK: Int?
    package var minP: Double?
    package var repetitionPenalty: Double?
    package var frequencyPenalty = 0.0
    package var presencePenalty = 0.0
    package var logitBias: [Int32: Float] = [:]
    package var seed: Int?
    package var stop: [String] = []
    package var stopTokenIDs: [Int32] = []
    /// Nil fills the context.
    package var maxTokens: Int?
    /// The field that `maxTokens` came from.
    package var maxTokensName = "max_tokens"
    package var minTokens = 0
    package var ignoresEnd = false

    package init(_ fields: inout Fields, _ bounds: RequestBounds, maxTokensNames: [String]) throws(APIError) {
        let limits = bounds.limits
        choices = try fields.int("n", in: 1...limits[.choices]) ?? 1
        temperature = try fields.number("temperature", in: 0...2)
        topP = try fields.number("top_p", in: Double(Float.leastNormalMagnitude)...1)
        if let count = try fields.int("top_k", in: -1...bounds.vocabulary) { topK = max(count, 0) }
        minP = try fields.number("min_p", in: 0...1)
        repetitionPenalty = try fields.number("repetition_penalty", in: 0.01...10)
        frequencyPenalty = try fields.number("frequency_penalty", in: -2...2) ?? 0
        presencePenalty = try fields.number("presence_penalty", in: -2...2) ?? 0
        seed = try fields.int("seed", in: 0...Int.max)
        for name in maxTokensNames {
            guard let count = try fields.int(name, in: 1...1_048_576), maxTokens == nil else { continue }
            maxTokens = count
            maxTokensName = name
        }
        minTokens = try fields.int("min_tokens", in: 0...1_048_576) ?? 0
        if let maxTokens, minTokens > maxTokens {
            throw .wrongValue("min_tokens", found: "\(minTokens)", expected: "0 to \(maxTokensName) (\(maxTokens))")
        }
        ignoresEnd = try fields.bool("ignore_eos") ?? false
        stop = try Self.stops(&fields, limits)
        let ids = try fields.array("stop_token_ids", limit: limits[.logitBias]) ?? []
        for (index, id) in ids.enumerated() {
            let id = try Fields.int(id, "stop_token_ids[\(index)]", in: 0...bounds.vocabulary - 1)
            stopTokenIDs.append(Int32(id))
        }
        logitBias = try Self.bias(&fields, bounds)
    }

    private static func stops(_ fields: inout Fields, _ limits: Limits) throws(APIError) -> [String] {
        guard let value = fields.value("stop") else { return [] }
        let elements: [JSON]
        switch value {
        case .string: elements = [value]
        case .array(let values): elements = values
        default: throw .wrongType("stop", found: value.kindName, expected: "a string or an array of strings")
        }
        guard elements.count <= limits[.stops] else {
            throw .wrongValue("stop", found: "\(elements.count) strings", expected: "at most \(limits[.stops])")
        }
        var stops: [String] = []
        for (index, element) in elements.enumerated() {
            let path = elements.count == 1 && value.text != nil ? "stop" : "stop[\(index)]"
            guard case .string(let text) = element else {
                throw .wrongType(path, found: element.kindName, expected: "a string")
            }
            guard (1...limits[.stopBytes]).contains(text.utf8.count) else {
                throw .wrongValue(
                    path, found: "\(text.utf8.count) bytes long", expected: "1 to \(limits[.stopBytes]) bytes")
            }
            stops.append(text)
        }
        return stops
    }

    private static func bias(_ fields: inout Fields, _ bounds: RequestBounds) throws(APIError) -> [Int32: Float] {
        guard let value = fields.value("logit_bias") else { return [:] }
        guard case .object(let members) = value else {
            throw .wrongType("logit_bias", found: value.kindName, expected: "an object of token ids and numbers")
        }
        guard members.count <= bounds.limits[.logitBias] else {
            throw .wrongValue(
                "logit_bias", found: "\(members.count) tokens", expected: "at most \(bounds.limits[.logitBias])")
        }
        var bias: [Int32: Float] = [:]
        for (key, value) in members {
            guard let id = Int(key), (0..<bounds.vocabulary).contains(id), let token = Int32(exactly: id) else {
                throw .wrongValue(
                    "logit_bias", found: Int(key).map { "about token \($0)" } ?? "about something that is no token id",
                    expected: "about tokens 0 to \(bounds.vocabulary - 1)")
            }
            guard case .number = value, let number = value.double else {
                throw .wrongType("logit_bias.\(id)", found: value.kindName, expected: "a number")
            }
            guard (-100...100).contains(number) else {
                throw .wrongValue("logit_bias.\(id)", found: value.kindName, expected: "-100 to 100")
            }
            bias[token] = Float(number)
        }
        return bias
    }
}

/// How the answer is streamed.
package struct StreamFields: Sendable, Equatable {
    package var includeUsage = false
    package var continuousUsage = false

    package init(includeUsage: Bool = false, continuousUsage: Bool = false) {
        self.includeUsage = includeUsage
        self.continuousUsage = continuousUsage
    }

    /// Nil when the answer is to come as a whole.
    package static func read(_ fields: inout Fields) throws(APIError) -> StreamFields? {
        let streams = try fields.bool("stream") ?? false
        var options = StreamFields()
        if var nested = try fields.object("stream_options") {
            options.includeUsage = try nested.bool("include_usage") ?? false
            options.continuousUsage = try nested.bool("continuous_usage_stats") ?? false
        }
        return streams ? options : nil
    }
}
