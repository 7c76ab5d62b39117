// Which chat templates say what the built-in one says.

import Foundation
import Prompting
import TestSupport
import Testing

@Suite struct ChatTemplateTests {
    @Test func templateOfTheTinyCheckpointIsTheBuiltInOne() throws {
        let url = Goldens.checkpoint("bf16").appending(path: "tokenizer_config.json")
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
        #expect(ChatTemplate(template: try #require(json?["chat_template"] as? String)) == .same)
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
        let stock =
            "{%- set date_string = '26 Jul 2024' %}{{- '<|start_header_id|>system<|end_header_id|>\\n\\n' }}"
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
}
