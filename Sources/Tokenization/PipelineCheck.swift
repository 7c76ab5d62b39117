// Refuses tokenizer.json files whose steps are not the byte-level steps of Llama-3. Knows no tokens.

import JSONText

enum PipelineCheck {
    /// Checks the settings of `model`, all but `vocab` and `merges`.
    static func model(_ model: [String: JSON]) throws(TokenizationError) {
        // Files written before 2020 leave `type` out.
        try require("model.type", model["type"] ?? .string("BPE"), [.string("BPE")])
        if model["dropout"]?.double != 0 {
            try require("model.dropout", model["dropout"], [.null, .number("0")])
        }
        try require("model.unk_token", model["unk_token"], [.null])
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            try require("model." + key, model[key], [.null, .string("")])
        }
        try require("model.byte_fallback", model["byte_fallback"], [.null, .bool(false)])
        try require("model.ignore_merges", model["ignore_merges"], [.null, .bool(false), .bool(true)])
    }

    /// Checks the steps before and after the model.
    /// - Returns: the token that the post-processor puts before a text.
    static func pipeline(_ steps: [String: JSON]) throws(TokenizationError) -> String? {
        try require("normalizer", steps["normalizer"], [.null])
        let before = steps["pre_tokenizer"]
        try requireType("pre_tokenizer", before, "Sequence")
        let parts = items(before?["pretokenizers"])
        guard parts.count == 2 else {
            throw .field(
                path: "pre_tokenizer.pretokenizers", found: (before?["pretokenizers"]).summary,
                expected: "two steps, Split and ByteLevel")
        }
        let split = "pre_tokenizer.pretokenizers[0]"
        try requireType(split, parts[0], "Split")
        try require(split + ".pattern.Regex", parts[0]["pattern"]?["Regex"], [.string(PreTokenizer.pattern)])
        try require(split + ".behavior", parts[0]["behavior"], [.string("Isolated")])
        try require(split + ".invert", parts[0]["invert"], [.bool(false), .null])
        let bytes = "pre_tokenizer.pretokenizers[1]"
        try requireType(bytes, parts[1], "ByteLevel")
        try require(bytes + ".add_prefix_space", parts[1]["add_prefix_space"], [.bool(false)])
        try require(bytes + ".use_regex", parts[1]["use_regex"], [.bool(false)])
        try requireType("decoder", steps["decoder"], "ByteLevel")
        return try beginToken("post_processor", steps["post_processor"])
    }

    private static func beginToken(_ path: String, _ step: JSON?) throws(TokenizationError) -> String? {
        switch step?["type"] {
        case _ where step ?? .null == .null: return nil
        case .string("ByteLevel"): return nil
        case .string("TemplateProcessing"):
            let single = items(step?["single"])
            let sequence = single.last?["Sequence"]?["id"]
            guard sequence == .string("A"), single.count <= 2 else {
                throw .field(
                    path: path + ".single", found: (step?["single"]).summary,
                    expected: "at most one special token, then sequence A")
            }
            guard single.count == 2 else { return nil }
            guard case .string(let token) = single[0]["SpecialToken"]?["id"] else {
                throw .field(
                    path: path + ".single[0]", found: single[0].summary, expected: "a special token")
            }
            return token
        case .string("Sequence"):
            var token: String?
            for (index, part) in items(step?["processors"]).enumerated() {
                token = try beginToken("\(path).processors[\(index)]", part) ?? token
            }
            return token
        default:
            throw .field(
                path: path, found: step.summary, expected: "null, ByteLevel, TemplateProcessing or a Sequence of them")
        }
    }

    private static func items(_ value: JSON?) -> [JSON] {
        if case .array(let items) = value { items } else { [] }
    }

    private static func requireType(_ path: String, _ value: JSON?, _ type: String) throws(TokenizationError) {
        guard value?["type"] == .string(type) else {
            throw .field(path: path, found: value.summary, expected: "an object of type \(quoted(type))")
        }
    }

    private static func require(_ path: String, _ value: JSON?, _ allowed: [JSON]) throws(TokenizationError) {
        guard allowed.contains(value ?? .null) else {
            throw .field(
                path: path, found: value.summary, expected: allowed.map(\.summary).joined(separator: " or "))
        }
    }
}

extension JSON {
    /// How a message names the value.
    var summary: String {
        if case .string(let type)? = self["type"] { return "an object of type \(quoted(type))" }
        return summary(quoted: quoted)
    }
}

extension JSON? {
    /// How a message names the value; what is absent is `null`.
    var summary: String { (self ?? .null).summary }
}
