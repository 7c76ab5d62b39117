// The form that a request's answer must have, as a grammar. Knows formats and tools, not how grammars work.

import Engine
import Grammar
import JSONText
import OpenAIAPI

extension ServerState {
    /// What the answer must look like; nil leaves it free.
    func constraint(_ ask: Ask) throws(APIError) -> (any TokenConstraint)? {
        if let tools = ask.tools { return try constraint(tools) }
        switch ask.format {
        case .text: return nil
        case .jsonObject: return try grammars.constraint(.jsonObject, param: "response_format")
        case .jsonSchema(let text, let param):
            return try grammars.constraint(.jsonSchema(Array(text.utf8)), param: param)
        case .regex(let pattern): return try grammars.constraint(.regex(pattern), param: "structured_outputs.regex")
        case .choice(let texts): return try grammars.constraint(.choice(texts), param: "structured_outputs.choice")
        }
    }

    /// One call of a tool that must be called, in the Llama-3.1 JSON form.
    private func constraint(_ tools: ToolFields) throws(APIError) -> (any TokenConstraint)? {
        let callable: [ToolFields.Tool]
        switch tools.choice {
        case .auto: return nil
        case .required: callable = tools.tools
        case .named(let name): callable = tools.tools.filter { $0.name == name }
        }
        var schemas: [String] = []
        var definitions = ""
        for tool in callable {
            if let (key, text) = Self.definitions(tool) {
                guard callable.count == 1 else {
                    throw APIError(
                        400, "invalid_schema", param: tool.param,
                        "\(tool.param) has \(key), which is supported only where one function is named in tool_choice")
                }
                definitions = #""\#(key)": \#(text), "#
            }
            schemas.append(
                #"{\#(definitions)"type": "object", "properties": {"name": {"const": "\#(tool.name)"}, "#
                    + #""parameters": \#(tool.parameters)}, "required": ["name", "parameters"], "#
                    + #""additionalProperties": false}"#
            )
        }
        let schema = schemas.count == 1 ? schemas[0] : #"{"anyOf": [\#(schemas.joined(separator: ", "))]}"#
        return try grammars.constraint(.jsonSchema(Array(schema.utf8)), param: callable.first?.param ?? "tools")
    }

    /// Definitions at the root of a tool's schema, which references name from the root.
    private static func definitions(_ tool: ToolFields.Tool) -> (key: String, text: String)? {
        guard let schema = try? JSONBody(Array(tool.parameters.utf8)) else { return nil }
        for key in ["$defs", "definitions"] {
            if let text = schema.text(at: key) { return (key, text) }
        }
        return nil
    }
}
