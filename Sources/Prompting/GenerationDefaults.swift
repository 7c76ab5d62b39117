// When to stop and how to sample, as a model folder says. Knows no sampler.

package import Foundation
package import Tokenization

/// Stop ids and sampling defaults of a folder: `generation_config.json`, `config.json`, `tokenizer_config.json`. A file
/// or field that is absent says nothing.
package struct GenerationDefaults: Sendable, Equatable {
    /// Ids that end an answer: all that any of the files names, in ascending order.
    package var stopIDs: [Int32] = []
    package var temperature: Double?
    package var topP: Double?
    package var topK: Int?
    package var minP: Double?
    package var repetitionPenalty: Double?

    package init(folder: URL, tokenizer: Tokenizer) throws(PromptingError) {
        var stops = Set<Int32>()
        let generation = try SideFile.object("generation_config.json", in: folder)
        try stops.formUnion(Self.ids(generation, "eos_token_id", file: "generation_config.json"))
        let config = try SideFile.object("config.json", in: folder)
        try stops.formUnion(Self.ids(config, "eos_token_id", file: "config.json"))
        for part in ["llm_config", "text_config"] {
            try stops.formUnion(Self.ids(config?[part], "eos_token_id", file: "config.json", prefix: part + "."))
        }
        if let id = try Self.endToken(try SideFile.object("tokenizer_config.json", in: folder), tokenizer) {
            stops.insert(id)
        }
        stopIDs = stops.sorted()

        let field = { (name: String, range: String, isValid: (Double) -> Bool) throws(PromptingError) -> Double? in
            try Self.number(generation, name, range, isValid)
        }
        temperature = try field("temperature", "0 or more", { $0 >= 0 })
        topP = try field("top_p", "above 0 and at most 1", { $0 > 0 && $0 <= 1 })
        topK = try field("top_k", "a whole number, 0 or more", { $0 >= 0 && $0 < 1e9 && $0 == $0.rounded() })
            .map { Int($0) }
        minP = try field("min_p", "0 to 1", { $0 >= 0 && $0 <= 1 })
        repetitionPenalty = try field("repetition_penalty", "above 0", { $0 > 0 })
    }

    /// A whole number or a list of them.
    private static func ids(
        _ object: JSON?, _ key: String, file: String, prefix: String = ""
    ) throws(PromptingError) -> [Int32] {
        let values: [JSON]
        switch object?[key] {
        case nil, .null: return []
        case .array(let items): values = items
        case .some(let value): values = [value]
        }
        var ids: [Int32] = []
        for value in values {
            guard case .number(let number) = value, let id = Int32(exactly: number), id >= 0 else {
                throw .field(
                    file: file, path: prefix + key, found: value.summary, expected: "a token id or an array of them")
            }
            ids.append(id)
        }
        return ids
    }

    /// `eos_token`: a spelling, or an object whose `content` is one.
    private static func endToken(_ config: JSON?, _ tokenizer: Tokenizer) throws(PromptingError) -> Int32? {
        guard let value = config?["eos_token"], value != .null else { return nil }
        guard case .string(let spelling) = value["content"] ?? value, let id = tokenizer.id(ofAdded: spelling) else {
            throw .field(
                file: "tokenizer_config.json", path: "eos_token", found: (value["content"] ?? value).summary,
                expected: "an added token of tokenizer.json")
        }
        return id
    }

    private static func number(
        _ object: JSON?, _ key: String, _ range: String, _ isValid: (Double) -> Bool
    ) throws(PromptingError) -> Double? {
        switch object?[key] {
        case nil, .null: return nil
        case .number(let value) where isValid(value): return value
        case let other:
            throw .field(file: "generation_config.json", path: key, found: other.summary, expected: range)
        }
    }
}
