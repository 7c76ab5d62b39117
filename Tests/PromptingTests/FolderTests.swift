// What a model folder says of templates, stop ids and sampling.

import Foundation
import TestSupport
import Testing
import Tokenization

@testable import Prompting

@Suite struct FolderTests {
    /// A folder with these files, removed after use.
    private func folder<Result>(_ files: [String: String], _ body: (URL) throws -> Result) throws -> Result {
        let url = FileManager.default.temporaryDirectory.appending(path: "monocle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        for (name, text) in files { try Data(text.utf8).write(to: url.appending(path: name)) }
        return try body(url)
    }

    // MARK: Chat template

    @Test func templateOfTheTinyCheckpointIsTheBuiltInOne() throws {
        #expect(try ChatTemplate(folder: Goldens.checkpoint("bf16")) == .same)
    }

    static let own = """
        {# turns #}
        {{ bos_token }}
        {%- for turn in messages -%}
            {{- "<|start_header_id|>" + turn.role + "<|end_header_id|>\\n\\n" + turn.content | trim + "<|eot_id|>" -}}
        {%- endfor -%}
        {%- if add_generation_prompt -%}
            {{- "<|start_header_id|>assistant<|end_header_id|>\\n\\n" -}}
        {%- endif -%}
        """

    @Test func spellingDoesNotMatterAndMeaningDoes() {
        #expect(ChatTemplate(template: Self.own) == .same)
        for (old, new) in [
            (" | trim", ""), ("<|eot_id|>", "<|end_of_text|>"), ("\\n\\n", "\\n"),
            ("if add_generation_prompt", "if true"), ("{{ bos_token }}", ""), ("in messages", "in messages[1:]"),
            ("assistant", " assistant"),
        ] {
            let changed = Self.own.replacing(old, with: new)
            #expect(changed != Self.own)
            guard case .differs = ChatTemplate(template: changed) else {
                Issue.record("\(old) -> \(new) was not noticed")
                continue
            }
        }
    }

    @Test func differencesHaveReasons() {
        let stock = "{%- set date_string = '26 Jul 2024' %}{{- '<|start_header_id|>system<|end_header_id|>\\n\\n' }}"
            + "{{- 'Cutting Knowledge Date: December 2023\\n' }}"
        for (template, word) in [
            (stock, "dates"), ("{{ '<|im_start|>' }}", "headers"), ("", "headers"),
            ("{{ '<|start_header_id|>' }}", "not executed"),
        ] {
            guard case .differs(let reason) = ChatTemplate(template: template) else {
                Issue.record("\(template) passed as the built-in one")
                continue
            }
            #expect(reason.contains(word))
        }
    }

    @Test func templateFilesAreReadInOrder() throws {
        let other = #"{"chat_template": "{{ 'other' }}"}"#
        #expect(try folder([:]) { try ChatTemplate(folder: $0) } == .absent)
        #expect(try folder(["tokenizer_config.json": "{}"]) { try ChatTemplate(folder: $0) } == .absent)
        #expect(
            try folder(["chat_template.jinja": Self.own, "tokenizer_config.json": other]) {
                try ChatTemplate(folder: $0)
            } == .same)
        #expect(
            try folder(["chat_template.json": other, "tokenizer_config.json": "{}"]) { try ChatTemplate(folder: $0) }
                != .same)
        let template = try #require(String(data: JSONEncoder().encode(Self.own), encoding: .utf8))
        let named = #"{"chat_template": [{"name": "tool_use", "template": ""}, {"name": "default", "template": "#
            + template + "}]}"
        #expect(try folder(["tokenizer_config.json": named]) { try ChatTemplate(folder: $0) } == .same)
        for bad in [#"{"chat_template": 7}"#, "[]", "{", ""] {
            #expect(throws: PromptingError.self) {
                try folder(["tokenizer_config.json": bad]) { try ChatTemplate(folder: $0) }
            }
        }
    }

    // MARK: Generation defaults

    @Test func stopIDsAreTheUnionOfTheFiles() throws {
        let tokenizer = try PromptFixture.tokenizer()
        let tiny = try GenerationDefaults(folder: Goldens.checkpoint("bf16"), tokenizer: tokenizer)
        #expect(tiny.stopIDs == [448, 455, 456])
        #expect(tiny.temperature == nil && tiny.topP == nil && tiny.topK == nil && tiny.repetitionPenalty == nil)
        let files = [
            "generation_config.json": #"""
                {"eos_token_id": 3, "temperature": 0.6, "top_p": 0.9, "top_k": 50, "repetition_penalty": 1.1,
                 "min_p": 0}
                """#,
            "config.json": #"""
                {"eos_token_id": [5, 1], "llm_config": {"eos_token_id": 7}, "text_config": {"eos_token_id": null}}
                """#,
            "tokenizer_config.json": #"{"eos_token": {"content": "<|eot_id|>"}}"#,
        ]
        let mixed = try folder(files) { try GenerationDefaults(folder: $0, tokenizer: tokenizer) }
        #expect(mixed.stopIDs == [1, 3, 5, 7, 456])
        #expect(mixed.temperature == 0.6 && mixed.topP == 0.9 && mixed.topK == 50 && mixed.minP == 0)
        #expect(mixed.repetitionPenalty == 1.1)
        let empty = try folder([:]) { try GenerationDefaults(folder: $0, tokenizer: tokenizer) }
        #expect(empty.stopIDs.isEmpty)
    }

    @Test(arguments: [
        ("generation_config.json", #"{"eos_token_id": "x"}"#, "eos_token_id"),
        ("generation_config.json", #"{"eos_token_id": -1}"#, "eos_token_id"),
        ("generation_config.json", #"{"eos_token_id": [1, 2.5]}"#, "2.5"),
        ("generation_config.json", #"{"eos_token_id": 4e9}"#, "4000000000"),
        ("generation_config.json", #"{"temperature": -0.1}"#, "temperature"),
        ("generation_config.json", #"{"temperature": "hot"}"#, "hot"),
        ("generation_config.json", #"{"top_p": 0}"#, "top_p"),
        ("generation_config.json", #"{"top_p": 1.5}"#, "1.5"),
        ("generation_config.json", #"{"top_k": 2.5}"#, "top_k"),
        ("generation_config.json", #"{"top_k": 1e300}"#, "top_k"),
        ("generation_config.json", #"{"repetition_penalty": 0}"#, "repetition_penalty"),
        ("generation_config.json", "[]", "an object"),
        ("generation_config.json", "{", "not valid JSON"),
        ("config.json", #"{"llm_config": {"eos_token_id": true}}"#, "llm_config.eos_token_id"),
        ("tokenizer_config.json", #"{"eos_token": "</s>"}"#, "</s>"),
        ("tokenizer_config.json", #"{"eos_token": 2}"#, "eos_token"),
    ])
    func badFieldsAreNamed(file: String, text: String, word: String) throws {
        let tokenizer = try PromptFixture.tokenizer()
        #expect {
            try folder([file: text]) { _ = try GenerationDefaults(folder: $0, tokenizer: tokenizer) }
        } throws: { error in
            let message = "\(error)"
            return message.contains(file) && message.contains(word)
                && (error as? PromptingError)?.isFaultOfModel == true
        }
    }
}
