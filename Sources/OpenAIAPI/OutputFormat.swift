// The form that an answer must have. Knows the fields that ask for it, not how it is enforced.

import JSONText

package enum OutputFormat: Sendable, Equatable {
    case text
    case jsonObject
    /// The schema's text as it was written: the order of properties counts. `param` names it in errors.
    case jsonSchema(String, param: String)
    case regex(String)
    case choice([String])

    /// From `response_format` (or `text.format`, where the schema lies in the format itself) and `structured_outputs`.
    package static func read(
        _ fields: inout Fields, _ body: JSONBody, _ limits: Limits
    ) throws(APIError) -> OutputFormat {
        let format = try responseFormat(&fields, body)
        let structured = try structuredOutputs(&fields, body, limits)
        guard format == .text || structured == .text else {
            throw APIError(
                400, "invalid_value", param: "structured_outputs",
                "response_format and structured_outputs both ask for a form; give one of them")
        }
        let chosen = format == .text ? structured : format
        try chosen.check(limits)
        return chosen
    }

    private enum Kind: String, CaseIterable {
        case text
        case jsonObject = "json_object"
        case jsonSchema = "json_schema"
    }

    private static func responseFormat(_ fields: inout Fields, _ body: JSONBody) throws(APIError) -> OutputFormat {
        guard var format = try fields.object("response_format") else { return .text }
        switch try format.word("type", Kind.self) {
        case nil: throw .missing("response_format.type", expected: "\"text\", \"json_object\" or \"json_schema\"")
        case .text: return .text
        case .jsonObject: return .jsonObject
        case .jsonSchema:
            guard var schema = try format.object("json_schema") else {
                throw .missing("response_format.json_schema", expected: "an object with name and schema")
            }
            _ = try schema.string("name")
            return try .schema(
                schema.value("schema"), body.text(at: "response_format", "json_schema", "schema"),
                "response_format.json_schema.schema")
        }
    }

    /// `text.format` of the Responses API.
    package static func readText(
        _ fields: inout Fields, _ body: JSONBody, _ limits: Limits
    ) throws(APIError) -> OutputFormat {
        guard var text = try fields.object("text"), var format = try text.object("format") else { return .text }
        let chosen: OutputFormat
        switch try format.word("type", Kind.self) {
        case nil: throw .missing("text.format.type", expected: "\"text\", \"json_object\" or \"json_schema\"")
        case .text: chosen = .text
        case .jsonObject: chosen = .jsonObject
        case .jsonSchema:
            chosen = try .schema(
                format.value("schema"), body.text(at: "text", "format", "schema"), "text.format.schema")
        }
        try chosen.check(limits)
        return chosen
    }

    private static func structuredOutputs(
        _ fields: inout Fields, _ body: JSONBody, _ limits: Limits
    ) throws(APIError) -> OutputFormat {
        guard var outputs = try fields.object("structured_outputs") else { return .text }
        var found: [OutputFormat] = []
        if outputs.value("json") != nil {
            found.append(
                try .schema(
                    outputs.value("json"), body.text(at: "structured_outputs", "json"), "structured_outputs.json"))
        }
        if try outputs.bool("json_object") == true { found.append(.jsonObject) }
        if let pattern = try outputs.string("regex") { found.append(.regex(pattern)) }
        if let choices = try outputs.array("choice", limit: limits[.schemaBytes] / 4) {
            var texts: [String] = []
            for (index, choice) in choices.enumerated() {
                guard case .string(let text) = choice else {
                    throw .wrongType(
                        "structured_outputs.choice[\(index)]", found: choice.kindName, expected: "a string")
                }
                texts.append(text)
            }
            guard !texts.isEmpty else {
                throw .wrongValue("structured_outputs.choice", found: "empty", expected: "at least one string")
            }
            found.append(.choice(texts))
        }
        if let unknown = outputs.unknown.first(where: { ["grammar", "structural_tag"].contains($0) }) {
            throw APIError(
                400, "unsupported_parameter", param: "structured_outputs.\(unknown)",
                "structured_outputs.\(unknown) is not supported; there are json, json_object, regex and choice")
        }
        guard found.count == 1 else {
            throw .wrongValue(
                "structured_outputs", found: "naming \(found.count) forms",
                expected: "one of json, json_object, regex and choice")
        }
        return found[0]
    }

    private static func schema(_ value: JSON?, _ text: String?, _ param: String) throws(APIError) -> OutputFormat {
        switch value {
        case .object, .bool:
            guard let text else { throw .missing(param, expected: "a JSON Schema") }
            return .jsonSchema(text, param: param)
        case let other:
            throw APIError(
                400, "invalid_schema", param: param,
                "\(param) is \(other?.kindName ?? "missing"); it must be a JSON Schema: an object")
        }
    }

    private func check(_ limits: Limits) throws(APIError) {
        let (bytes, param): (Int, String) =
            switch self {
            case .text, .jsonObject: (0, "")
            case .jsonSchema(let text, let param): (text.utf8.count, param)
            case .regex(let pattern): (pattern.utf8.count, "structured_outputs.regex")
            case .choice(let texts): (texts.reduce(0) { $0 + $1.utf8.count }, "structured_outputs.choice")
            }
        guard bytes <= limits[.schemaBytes] else {
            throw APIError(
                400, "invalid_schema", param: param,
                "\(param) has \(bytes) bytes; the limit schema-bytes is \(limits[.schemaBytes])")
        }
    }
}
