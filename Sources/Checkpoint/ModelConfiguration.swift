// What the JSON files of a folder say about the model. Knows keys, not tensors.

package import Foundation
import JSONText

/// The configuration of a checkpoint folder: config.json, generation_config.json, preprocessor_config.json and
/// tokenizer_config.json.
package struct ModelConfiguration: Sendable {
    package enum Architecture: String, Sendable, CaseIterable {
        case nemotronNanoVL = "Llama_Nemotron_Nano_VL"
        case llama = "LlamaForCausalLM"
    }

    /// What tokenizer_config.json says; nil where it is silent.
    package struct TokenizerConfiguration: Sendable {
        /// Jinja text, from chat_template.jinja when the folder has that file.
        package let chatTemplate: String?
        package let beginToken: String?
        package let endToken: String?
        package let maxLength: Double?
    }

    /// Longest conversation the published model is meant for, in tokens; the file allows more.
    package static let statedContext = 16_384

    package static let syntheticKey = "monocle_synthetic"

    package let architecture: Architecture
    package let language: LlamaConfiguration
    /// Nil for a text-only model.
    package let vision: VisionConfiguration?
    package let generation: GenerationConfiguration
    package let tokenizer: TokenizerConfiguration
    /// `torch_dtype` or `dtype` of config.json.
    package let declaredType: String?
    /// The weights were drawn at random: config.json has the key that `monocle synth` writes.
    package let isSynthetic: Bool

    /// Ids that end a generation: those of generation_config.json, or else of config.json and its language part.
    package let endTokens: [Int]

    /// Reads the folder's JSON files.
    /// - Throws: naming file and key when one is missing, of the wrong type, or says something unsupported.
    package init(folder: URL) throws(CheckpointError) {
        try self.init(ConfigurationObject(file: folder.appending(path: "config.json")), folder: folder)
    }

    init(_ root: ConfigurationObject, folder: URL) throws(CheckpointError) {
        let expected = "one of " + Architecture.allCases.map(\.rawValue).joined(separator: ", ")
        guard let names = try root.strings("architectures"), let name = names.first else {
            throw root.fault("architectures", found: "nothing", expected: expected)
        }
        guard let known = Architecture(rawValue: name) else {
            throw root.fault("architectures", found: "'\(name)'", expected: expected)
        }
        architecture = known
        declaredType = try root.string("torch_dtype").or(try root.string("dtype"))
        isSynthetic = try root.object(Self.syntheticKey) != nil
        generation = try GenerationConfiguration(Self.optional(folder, "generation_config.json"))
        tokenizer = try Self.tokenizer(folder)
        switch known {
        case .llama:
            language = try LlamaConfiguration(root)
            vision = nil
        case .nemotronNanoVL:
            let part = try root.object("llm_config").or(try root.object("text_config"))
            language = try LlamaConfiguration(try part.or(try root.requiredObject("llm_config")))
            vision = try VisionConfiguration(root, preprocessor: Self.optional(folder, "preprocessor_config.json"))
        }
        var ends = generation.endTokens
        if ends.isEmpty {
            let outer = try root.integers("eos_token_id", in: LlamaConfiguration.tokenRange) ?? []
            let inner = language.endTokens
            ends = inner + outer.filter { !inner.contains($0) }
        }
        endTokens = ends
    }

    /// The object in `name`, nil when the folder has no such file.
    static func optional(_ folder: URL, _ name: String) throws(CheckpointError) -> ConfigurationObject? {
        let url = folder.appending(path: name)
        guard (try? FileManager.default.attributesOfItem(atPath: url.path(percentEncoded: false))) != nil else {
            return nil
        }
        return try ConfigurationObject(file: url)
    }

    private static func tokenizer(_ folder: URL) throws(CheckpointError) -> TokenizerConfiguration {
        let object = try optional(folder, "tokenizer_config.json")
        var template: String?
        switch object?["chat_template"] {
        case .string(let text)?: template = text
        case .array(let named)?: template = defaultTemplate(named)
        default: break
        }
        let separate = folder.appending(path: "chat_template.jinja")
        if FileManager.default.fileExists(atPath: separate.path(percentEncoded: false)) {
            let mapping = try MappedFile(separate)
            guard let text = String(validating: mapping.bytes, as: UTF8.self) else {
                throw .file(mapping.path, found: "bytes that are not UTF-8", expected: "a Jinja template")
            }
            template = text
        }
        return TokenizerConfiguration(
            chatTemplate: template, beginToken: try token(object, "bos_token"),
            endToken: try token(object, "eos_token"),
            maxLength: try object?.number("model_max_length", in: 0...1e300))
    }

    /// Of several templates by name, "default" is the one for chats.
    private static func defaultTemplate(_ named: [JSON]) -> String? {
        for case .object(let entry) in named where entry["name"] == .string("default") {
            if case .string(let text)? = entry["template"] { return text }
        }
        return nil
    }

    /// A special token, spelled as a string or as an object with `content`.
    private static func token(_ object: ConfigurationObject?, _ key: String) throws(CheckpointError) -> String? {
        if case .object? = object?[key] { return try object?.object(key)?.string("content") }
        return try object?.string(key)
    }
}
