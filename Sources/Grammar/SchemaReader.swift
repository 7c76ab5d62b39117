// From the JSON of one subschema to its keywords. Every keyword is used, known to say nothing, or refused by name.

enum SchemaReader {
    /// Keywords that say nothing about which values are valid.
    static let annotations: Set<String> = [
        "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$schema",
        "$id", "$comment", "$anchor", "$vocabulary", "$defs", "definitions", "discriminator", "contentMediaType",
        "contentEncoding", "externalDocs", "xml",
    ]
    /// `format`s of numbers, which only say how wide a variable is.
    static let numberFormats: Set<String> = ["int32", "int64", "float", "double"]

    static func escaped(_ key: String) -> String {
        var result = ""
        for scalar in key.unicodeScalars {
            switch scalar {
            case "~": result += "~0"
            case "/": result += "~1"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func read(
        _ value: OrderedJSON, at path: String, in library: inout SchemaLibrary
    ) throws(GrammarError) -> SchemaNode {
        var node = SchemaNode()
        switch value {
        case .bool(let isAllowed):
            node.isNever = !isAllowed
            return node
        case .object(let members):
            for member in members {
                try read(member, at: path, into: &node, &library)
            }
            if value["nullable"] == .bool(true) { node.types?.insert(.null) }
            try readItems(value, at: path, into: &node, &library)
            return node
        default: throw .malformed(path: path, found: value.summary, expected: "a schema: an object or a boolean")
        }
    }

    private static func read(
        _ member: OrderedJSON.Member, at path: String, into node: inout SchemaNode, _ library: inout SchemaLibrary
    ) throws(GrammarError) {
        let (key, value) = (member.key, member.value)
        let here = path + "/" + escaped(key)
        switch key {
        case "type": node.types = try types(value, here)
        case "enum": node.values = try elements(value, here)
        case "const": node.values = [value]
        case "$ref":
            guard case .string(let target) = value else {
                throw .malformed(path: here, found: value.summary, expected: "a string")
            }
            node.also.append(try library.id(referredTo: target, at: here))
        case "allOf": node.also += try schemas(value, here, &library)
        case "anyOf": node.anyOf.append(try schemas(value, here, &library))
        case "oneOf": node.oneOf.append(try schemas(value, here, &library))
        case "minLength": node.minimumLength = try count(value, here)
        case "maxLength": node.maximumLength = try count(value, here)
        case "pattern":
            guard case .string(let text) = value else {
                throw .malformed(path: here, found: value.summary, expected: "a string")
            }
            node.patterns.append(SchemaPattern(expression: try RegexParser.parse(text), isWhole: false))
        case "format": try readFormat(value, here, into: &node)
        case "minimum", "exclusiveMinimum":
            let bound = NumberBound(value: try number(value, here), isExclusive: key != "minimum")
            node.lower = NumberBound.higher(node.lower, bound)
        case "maximum", "exclusiveMaximum":
            let bound = NumberBound(value: try number(value, here), isExclusive: key != "maximum")
            node.upper = NumberBound.lower(node.upper, bound)
        case "properties", "required", "additionalProperties":
            try readObject(key, value, here, into: &node, &library)
        case "minItems":
            node.array = node.array ?? ArrayPart()
            node.array?.minimum = try count(value, here)
        case "maxItems":
            node.array = node.array ?? ArrayPart()
            node.array?.maximum = try count(value, here)
        case "items", "prefixItems", "additionalItems": break  // read together
        case "uniqueItems" where value == .bool(false), "nullable" where value == .bool(false) || value == .bool(true):
            break
        case "minProperties" where value.count == 0: break
        default:
            guard annotations.contains(key) || key.hasPrefix("x-") else {
                throw .unsupported(keyword: key, path: path, advice: advice[key] ?? "remove it")
            }
        }
    }

    private static let advice = [
        "uniqueItems": "remove it and check the items of the answer",
        "patternProperties": "use properties or additionalProperties",
        "multipleOf": "remove it and check the number in the answer",
        "not": "say what is wanted with enum, type or anyOf",
        "if": "use anyOf", "then": "use anyOf", "else": "use anyOf",
    ]

    private static func readFormat(
        _ value: OrderedJSON, _ path: String, into node: inout SchemaNode
    ) throws(GrammarError) {
        guard case .string(let name) = value else {
            throw .malformed(path: path, found: value.summary, expected: "a string")
        }
        if numberFormats.contains(name) { return }
        guard let expression = StringFormat.expressions[name] else {
            throw .unsupported(
                keyword: "format", path: path,
                advice: "it is \(GrammarError.quoted(name)), and only \(StringFormat.names) are known; use pattern")
        }
        node.patterns.append(SchemaPattern(expression: try RegexParser.parse(expression), isWhole: true))
    }

    private static func readObject(
        _ key: String, _ value: OrderedJSON, _ path: String, into node: inout SchemaNode,
        _ library: inout SchemaLibrary
    ) throws(GrammarError) {
        var part = node.object ?? ObjectPart()
        switch key {
        case "properties":
            guard case .object(let members) = value else {
                throw .malformed(path: path, found: value.summary, expected: "an object of schemas")
            }
            for member in members {
                let id = try library.id(of: member.value, at: path + "/" + escaped(member.key))
                part.properties.append(ObjectPart.Property(name: member.key, schema: id))
            }
        case "required":
            for element in try elements(value, path) {
                guard case .string(let name) = element else {
                    throw .malformed(path: path, found: element.summary, expected: "names of properties")
                }
                part.required.append(name)
            }
        default: part.additional = try library.id(of: value, at: path)
        }
        node.object = part
    }

    /// `prefixItems` and `items`, or the older `items` with an array and `additionalItems`.
    private static func readItems(
        _ schema: OrderedJSON, at path: String, into node: inout SchemaNode, _ library: inout SchemaLibrary
    ) throws(GrammarError) {
        var part = node.array ?? ArrayPart()
        var restKey = "items"
        if let prefix = schema["prefixItems"] {
            part.prefix = try schemas(prefix, path + "/prefixItems", &library)
        } else if case .array = schema["items"] {
            part.prefix = try schemas(schema["items"] ?? .null, path + "/items", &library)
            restKey = "additionalItems"
        }
        if let rest = schema[restKey] { part.rest = try library.id(of: rest, at: path + "/" + restKey) }
        if part != ArrayPart() { node.array = part }
    }

    // MARK: Values

    private static func types(_ value: OrderedJSON, _ path: String) throws(GrammarError) -> Set<SchemaType> {
        var result = Set<SchemaType>()
        let names = if case .array(let names) = value { names } else { [value] }
        for name in names {
            guard case .string(let text) = name, let type = SchemaType(rawValue: text) else {
                throw .malformed(
                    path: path, found: name.summary,
                    expected: "one of " + SchemaType.allCases.map(\.rawValue).joined(separator: ", "))
            }
            result.insert(type)
        }
        return result
    }

    private static func elements(_ value: OrderedJSON, _ path: String) throws(GrammarError) -> [OrderedJSON] {
        guard case .array(let elements) = value else {
            throw .malformed(path: path, found: value.summary, expected: "an array")
        }
        return elements
    }

    private static func schemas(
        _ value: OrderedJSON, _ path: String, _ library: inout SchemaLibrary
    ) throws(GrammarError) -> [Int] {
        var ids: [Int] = []
        for (index, element) in try elements(value, path).enumerated() {
            ids.append(try library.id(of: element, at: "\(path)/\(index)"))
        }
        guard !ids.isEmpty else { throw .malformed(path: path, found: "an empty array", expected: "schemas") }
        return ids
    }

    private static func count(_ value: OrderedJSON, _ path: String) throws(GrammarError) -> Int {
        guard let count = value.count else {
            throw .malformed(path: path, found: value.summary, expected: "a whole number >= 0")
        }
        return count
    }

    private static func number(_ value: OrderedJSON, _ path: String) throws(GrammarError) -> Decimal {
        guard case .number(let text) = value, let number = Decimal(text) else {
            throw .malformed(path: path, found: value.summary, expected: "a number of at most 400 digits")
        }
        return number
    }
}
