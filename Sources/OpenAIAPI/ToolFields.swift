// `tools` and `tool_choice`. Knows their form, not how a model is told of them.

package import JSONText

package struct ToolFields: Sendable, Equatable {
    package enum Choice: Sendable, Equatable {
        /// The model decides.
        case auto
        /// Some tool must be called.
        case required
        /// This tool must be called.
        case named(String)
    }

    package struct Tool: Sendable, Equatable {
        package let name: String
        /// The function object: name, description, parameters.
        package let function: JSON
        /// The text of the schema of its parameters.
        package let parameters: String
        /// Where that schema stands in the request.
        package let param: String
    }

    package let tools: [Tool]
    package let choice: Choice

    package var names: Set<String> { Set(tools.map(\.name)) }

    /// Nil when there are no tools, or when `tool_choice` is `none`.
    package static func read(
        _ fields: inout Fields, _ body: JSONBody, _ limits: Limits
    ) throws(APIError) -> ToolFields? {
        let elements = try fields.array("tools", limit: limits[.tools]) ?? []
        _ = try fields.bool("parallel_tool_calls")
        var tools: [Tool] = []
        for (index, element) in elements.enumerated() {
            let tool = try Self.tool(element, index, body)
            guard !tools.contains(where: { $0.name == tool.name }) else {
                throw .wrongValue("tools[\(index)].function.name", found: "used before", expected: "unique")
            }
            tools.append(tool)
        }
        let choice = try Self.choice(&fields, tools)
        guard let choice, !tools.isEmpty else { return nil }
        return ToolFields(tools: tools, choice: choice)
    }

    private static func tool(_ value: JSON, _ index: Int, _ body: JSONBody) throws(APIError) -> Tool {
        let path = "tools[\(index)]"
        var fields = try Fields(value, path)
        guard try fields.string("type") == "function" else {
            throw .wrongValue("\(path).type", found: "another or missing", expected: "\"function\"")
        }
        guard var function = try fields.object("function"), let object = fields.value("function") else {
            throw .missing("\(path).function", expected: "an object with name and parameters")
        }
        guard let name = try function.string("name") else {
            throw .missing("\(path).function.name", expected: "a name")
        }
        let isPlain = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
                || byte == 0x2D
        }
        guard isPlain, (1...64).contains(name.utf8.count) else {
            throw .wrongValue(
                "\(path).function.name", found: "a string of \(name.utf8.count) bytes",
                expected: "1 to 64 letters, digits, _ and -")
        }
        _ = try function.string("description")
        let param = "\(path).function.parameters"
        switch function.value("parameters") {
        case nil: return Tool(name: name, function: object, parameters: #"{"type":"object"}"#, param: param)
        case .object:
            let text = body.text(at: ["tools", "\(index)", "function", "parameters"])
            return Tool(name: name, function: object, parameters: text ?? #"{"type":"object"}"#, param: param)
        case .some(let other):
            throw APIError(
                400, "invalid_schema", param: param,
                "\(param) is \(other.kindName); it must be a JSON Schema: an object")
        }
    }

    private static func choice(_ fields: inout Fields, _ tools: [Tool]) throws(APIError) -> Choice? {
        let words = "\"none\", \"auto\", \"required\" or an object that names a function"
        switch fields.value("tool_choice") {
        case nil, .string("auto"): return .auto
        case .string("none"): return nil
        case .string("required"):
            guard !tools.isEmpty else {
                throw .wrongValue("tool_choice", found: "\"required\"", expected: "\"none\": there are no tools")
            }
            return .required
        case .some(.object(let members)):
            guard let name = (members["function"]?["name"] ?? members["name"])?.text else {
                throw .missing("tool_choice.function.name", expected: "the name of one of the tools")
            }
            guard tools.contains(where: { $0.name == name }) else {
                throw .wrongValue("tool_choice.function.name", found: "not among tools", expected: "one of their names")
            }
            return .named(name)
        case .some(.string): throw .wrongValue("tool_choice", found: "another word", expected: words)
        case .some(let other): throw .wrongType("tool_choice", found: other.kindName, expected: words)
        }
    }
}
