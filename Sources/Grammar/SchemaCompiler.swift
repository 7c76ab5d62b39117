// From a JSON Schema to a network: values, and the queue of objects and arrays still to be written.

/// Writes a schema into a network. Objects and arrays become rules, one for each set of subschemas that applies, so
/// that recursion ends; everything else is written where it stands.
struct SchemaCompiler {
    private var joiner: SchemaJoiner
    var network: Network
    var strings: StringEmitter
    private var rules: [RuleKey: Network.Rule] = [:]
    private var pending: [(rule: Network.Rule, body: Body)] = []

    private struct RuleKey: Hashable {
        let schemas: [Int]
        let alternative: Int
        let type: SchemaType
    }

    /// What a rule is to hold.
    private enum Body {
        case object(Shape), array(Shape, path: String)
        case value(OrderedJSON)
    }

    /// The network of all answers that a schema allows.
    static func network(
        of schema: OrderedJSON, limits: GrammarLimits
    ) throws(GrammarError) -> (Network, contradiction: (path: String, reason: String)?) {
        var compiler = SchemaCompiler(
            joiner: SchemaJoiner(try SchemaLibrary(schema)), network: try Network(limits: limits),
            strings: StringEmitter(limits: limits))
        try compiler.value([SchemaLibrary.root], compiler.network.start, compiler.network.end)
        while let (rule, body) = compiler.pending.popLast() {
            let ends = compiler.network.rules[Int(rule)]
            switch body {
            case .object(let shape): try compiler.object(shape, ends.start, ends.end)
            case .array(let shape, let path): try compiler.array(shape, at: path, ends.start, ends.end)
            case .value(let value): try compiler.elements(of: value, ends.start, ends.end)
            }
        }
        return (compiler.network, compiler.joiner.contradiction)
    }

    private init(joiner: SchemaJoiner, network: Network, strings: StringEmitter) {
        self.joiner = joiner
        self.network = network
        self.strings = strings
    }

    /// Any value that all of `schemas` allow.
    mutating func value(_ schemas: [Int], _ from: Network.Node, _ to: Network.Node) throws(GrammarError) {
        let schemas = Set(schemas).sorted()
        for (index, shape) in try joiner.shapes(of: schemas).enumerated() {
            if let values = shape.values {
                try constants(values, of: shape, schemas, from, to)
                continue
            }
            for type in SchemaType.allCases where shape.types.contains(type) {
                switch type {
                case .null: try network.literal("null", from, to)
                case .boolean:
                    try network.literal("true", from, to)
                    try network.literal("false", from, to)
                case .integer where shape.types.contains(.number): break  // a number is written once
                case .integer, .number:
                    let emitter = NumberEmitter(isWhole: type == .integer, lower: shape.lower, upper: shape.upper)
                    try emitter.emit(in: &network, from, to)
                    if let lower = shape.lower, let upper = shape.upper, upper.value < lower.value {
                        note(schemas, "the least number is above the greatest")
                    }
                case .string: try string(shape, schemas, from, to)
                case .object, .array:
                    let key = RuleKey(schemas: schemas, alternative: index, type: type)
                    try call(key, type == .object ? .object(shape) : .array(shape, path: path(schemas)), from, to)
                }
            }
        }
    }

    /// Where the schema speaks of a value.
    private func path(_ schemas: [Int]) -> String { schemas.last.map { joiner.library.pointer($0) } ?? "#" }

    private mutating func note(_ schemas: [Int], _ reason: String) { note(path(schemas), reason) }

    /// Notes that a value cannot be.
    mutating func note(_ path: String, _ reason: String) { joiner.note(path, reason) }

    private mutating func call(
        _ key: RuleKey, _ body: Body, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        if let known = rules[key] { return try network.call(known, from, to) }
        let rule = try network.rule(open: UInt8(ascii: key.type == .object ? "{" : "["))
        rules[key] = rule
        pending.append((rule, body))
        try network.call(rule, from, to)
    }

    private mutating func string(
        _ shape: Shape, _ schemas: [Int], _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        if let maximum = shape.maximumLength, maximum < shape.minimumLength {
            return note(schemas, "maxLength \(maximum) is below minLength \(shape.minimumLength)")
        }
        do throws(GrammarError) {
            try strings.emit(
                minimum: shape.minimumLength, maximum: shape.maximumLength, patterns: shape.patterns, in: &network,
                from, to)
        } catch .unsatisfiable {
            note(schemas, "no string is of this length and matches every pattern and format")
        }
    }

    // MARK: Constants

    /// Those of `values` that the rest of the shape allows.
    private mutating func constants(
        _ values: [OrderedJSON], of shape: Shape, _ schemas: [Int], _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        var isEmpty = true
        var texts: Automaton?
        if !shape.patterns.isEmpty {
            do throws(GrammarError) {
                texts = try strings.automaton(
                    minimum: 0, maximum: nil, patterns: shape.patterns)
            } catch .unsatisfiable {
                return note(schemas, "no string matches every pattern and format")
            }
        }
        for value in values where try allows(shape, value, texts, schemas) {
            isEmpty = false
            try constant(value, from, to)
        }
        if isEmpty { note(schemas, "no value of enum or const satisfies the other keywords") }
    }

    /// - Parameter texts: what the shape's patterns allow; nil without patterns.
    private func allows(
        _ shape: Shape, _ value: OrderedJSON, _ texts: Automaton?, _ schemas: [Int]
    ) throws(GrammarError) -> Bool {
        guard !value.types.isDisjoint(with: shape.types) else { return false }
        switch value {
        case .null, .bool: return true
        case .number(let text):
            guard let number = Decimal(text) else { return false }
            if let lower = shape.lower {
                guard lower.value < number || (lower.value == number && !lower.isExclusive) else { return false }
            }
            if let upper = shape.upper {
                guard number < upper.value || (upper.value == number && !upper.isExclusive) else { return false }
            }
            return true
        case .string(let text):
            let length = text.unicodeScalars.count
            guard length >= shape.minimumLength, length <= shape.maximumLength ?? Int.max else { return false }
            return texts.map { Grammar(automaton: $0).accepts(JSONEscape.escaped(text)) } ?? true
        case .object where shape.objects.isEmpty, .array where shape.arrays.isEmpty: return true
        case .object, .array:
            throw .unsupported(
                keyword: "enum", path: path(schemas),
                advice: "objects and arrays as constants may not stand beside keywords about members or items")
        }
    }

    /// One value, with the same freedom of white space as any other.
    mutating func constant(
        _ value: OrderedJSON, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        switch value {
        case .null: try network.literal("null", from, to)
        case .bool(let isTrue): try network.literal(isTrue ? "true" : "false", from, to)
        case .number(let text): try network.literal(text, from, to)
        case .string(let text): try network.literal(Self.quoted(text), from, to)
        case .object, .array:
            let isObject = if case .object = value { true } else { false }
            let rule = try network.rule(open: UInt8(ascii: isObject ? "{" : "["))
            pending.append((rule, .value(value)))
            try network.call(rule, from, to)
        }
    }

    private static func quoted(_ text: String) -> [UInt8] {
        [UInt8(ascii: "\"")] + JSONEscape.escaped(text) + [UInt8(ascii: "\"")]
    }
}
