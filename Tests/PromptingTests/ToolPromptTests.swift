// Calls of tools as a model writes them: what is one, and what is only text.

import Prompting
import Testing

@Suite struct ToolPromptTests {
    @Test func callsAreRead() {
        let names: Set<String> = ["add", "sub"]
        #expect(
            ToolCall.parse(#" {"name": "add", "parameters": {"a": 1, "b": "}"}} "#, names: names)
                == [ToolCall(name: "add", arguments: #"{"a": 1, "b": "}"}"#)])
        #expect(
            ToolCall.parse(
                #"{"name": "add", "arguments": {}}; {"name": "sub", "parameters": {"x": [1]}}"#, names: names)
                == [ToolCall(name: "add", arguments: "{}"), ToolCall(name: "sub", arguments: #"{"x": [1]}"#)])
        #expect(ToolCall.parse(#"<|python_tag|>{"name": "sub", "parameters": {}}"#, names: names)?.count == 1)
    }

    @Test(arguments: [
        "", "Total: 5", "{", "{}", #"{"name": "other", "parameters": {}}"#, #"{"name": "add"}"#,
        #"{"name": "add", "parameters": 5}"#, #"{"name": "add", "parameters": {}} and more"#,
        #"{"name": "add", "parameters": {"a": }}"#, #"The call: {"name": "add", "parameters": {}}"#,
    ])
    func whatIsNoCallStaysText(text: String) {
        #expect(ToolCall.parse(text, names: ["add"]) == nil)
    }
}
