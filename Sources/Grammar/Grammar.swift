// A compiled form of answers. Knows bytes; tokens are the business of TokenMasks.

/// The set of byte strings an answer may be. A value of bounded size; each byte of an answer costs one table look-up,
/// and from every prefix it lets through, some continuation is accepted.
package struct Grammar: Sendable {
    let automaton: Automaton

    /// Compiles a source; the time and size are bounded by `limits`.
    package init(_ source: GrammarSource, limits: GrammarLimits = GrammarLimits()) throws(GrammarError) {
        var limits = limits
        limits.nesting = min(max(limits.nesting, 1), 63)
        switch source {
        case .jsonSchema(let text):
            try Self.check(bytes: text.count, "length of the schema", limits)
            try self.init(schema: try OrderedJSON(text: text), limits)
        case .jsonObject:
            let object = OrderedJSON.Member(key: "type", value: .string("object"))
            try self.init(schema: .object([object]), limits)
        case .regex(let pattern):
            try Self.check(bytes: pattern.utf8.count, "length of the regular expression", limits)
            var network = try Network(limits: limits)
            let expression = try RegexParser.parse(pattern)
            try RegexEmitter(text: .plain).whole(expression, in: &network, network.start, network.end)
            self.init(automaton: try Determinizer.automaton(of: network, limits: limits))
        case .choice(let choices):
            var network = try Network(limits: limits)
            try Self.emit(choices, in: &network, limits)
            self.init(automaton: try Determinizer.automaton(of: network, limits: limits))
        }
    }

    init(automaton: Automaton) { self.automaton = automaton }

    private init(schema: OrderedJSON, _ limits: GrammarLimits) throws(GrammarError) {
        let (network, contradiction) = try SchemaCompiler.network(of: schema, limits: limits)
        do throws(GrammarError) {
            self.init(automaton: try Determinizer.automaton(of: network, limits: limits))
        } catch .unsatisfiable(let path, let reason) {
            throw .unsatisfiable(path: contradiction?.path ?? path, reason: contradiction?.reason ?? reason)
        }
    }

    /// States of the automaton.
    package var stateCount: Int { automaton.stateCount }

    /// Whether the grammar contains exactly these bytes.
    package func accepts(_ bytes: some Sequence<UInt8>) -> Bool {
        var position = Position()
        for byte in bytes where !position.take(byte, in: automaton) { return false }
        return isComplete(position)
    }

    func isComplete(_ position: Position) -> Bool {
        position.stack.isEmpty && automaton.accepting[Int(position.state)]
    }

    /// The one byte that may come next; nil when there are several or the answer may end.
    func forcedByte(_ position: Position) -> UInt8? {
        guard !isComplete(position) else { return nil }
        var only: UInt8?
        for byte in UInt8.min...UInt8.max {
            var next = position
            guard next.take(byte, in: automaton) else { continue }
            if only != nil { return nil }
            only = byte
        }
        return only
    }

    private static func check(bytes: Int, _ name: String, _ limits: GrammarLimits) throws(GrammarError) {
        guard bytes <= limits.sourceBytes else {
            throw .limit(name: name, found: "\(bytes) bytes", limit: limits.sourceBytes)
        }
    }

    private static func emit(
        _ choices: [String], in network: inout Network, _ limits: GrammarLimits
    ) throws(GrammarError) {
        guard !choices.isEmpty else { throw .choice(reason: "is empty; it must hold at least one string") }
        try check(bytes: choices.reduce(0) { $0 + $1.utf8.count }, "length of all choices", limits)
        for (index, choice) in choices.enumerated() {
            guard !choice.isEmpty else { throw .choice(reason: "has an empty string at index \(index)") }
            try network.literal(choice, network.start, network.end)
        }
    }
}
