// JSON strings in a network: free, of bounded length, matching expressions, or other than some. Knows no schema.

struct StringEmitter {
    private let limits: GrammarLimits
    /// States of all automata made on the way, which are not part of the network.
    private var states = 0
    private var known: [Texts: Automaton] = [:]

    private struct Texts: Hashable {
        let minimum: Int
        let maximum: Int?
        let patterns: [SchemaPattern]
    }

    init(limits: GrammarLimits) { self.limits = limits }

    /// A string with its quotes. A free one may use every escape of JSON; one of bounded length or with patterns only
    /// those a character needs: each text then has one spelling, and a scalar more costs nine states.
    mutating func emit(
        minimum: Int, maximum: Int?, patterns: [SchemaPattern], in network: inout Network, _ from: Network.Node,
        _ to: Network.Node
    ) throws(GrammarError) {
        let start = try network.node(beside: from), end = try network.node(beside: from)
        try network.literal("\"", from, start)
        try network.literal("\"", end, to)
        if patterns.isEmpty, minimum == 0, maximum == nil {
            return try network.repeated(0, nil, start, end) { (network, from, to) throws(GrammarError) in
                try Self.unit(in: &network, from, to)
            }
        }
        if patterns.isEmpty { return try Self.emit(minimum: minimum, maximum: maximum, in: &network, start, end) }
        if minimum == 0, maximum == nil, patterns.count == 1 {
            return try Self.emit(patterns[0], in: &network, start, end)
        }
        let automaton = try self.automaton(minimum: minimum, maximum: maximum, patterns: patterns)
        try network.embed(automaton, start, end)
    }

    /// A key of an object that is none of `names`, without its quotes.
    mutating func restOfKey(
        otherThan names: [String], in network: inout Network, _ start: Network.Node, _ end: Network.Node
    ) throws(GrammarError) {
        let any = try automaton(minimum: 0, maximum: nil, patterns: [])
        guard !names.isEmpty else { return try network.embed(any, start, end) }
        let named = try automaton { (network) throws(GrammarError) in
            for name in names { try network.literal(JSONEscape.escaped(name), network.start, network.end) }
        }
        try network.embed(any, unless: named, start, end)
    }

    /// The texts, escaped and without quotes, of a length and matching all patterns.
    mutating func automaton(
        minimum: Int, maximum: Int?, patterns: [SchemaPattern]
    ) throws(GrammarError) -> Automaton {
        let texts = Texts(minimum: minimum, maximum: maximum, patterns: patterns)
        if let automaton = known[texts] { return automaton }
        var result = try automaton { (network) throws(GrammarError) in
            try Self.emit(minimum: minimum, maximum: maximum, in: &network, network.start, network.end)
        }
        for pattern in patterns {
            let next = try automaton { (network) throws(GrammarError) in
                try Self.emit(pattern, in: &network, network.start, network.end)
            }
            result = try automaton { (network) throws(GrammarError) in
                try network.embed(result, and: next, network.start, network.end)
            }
        }
        known[texts] = result
        return result
    }

    private mutating func automaton(
        _ build: (inout Network) throws(GrammarError) -> Void
    ) throws(GrammarError) -> Automaton {
        var network = try Network(limits: limits)
        try build(&network)
        let automaton = try Determinizer.automaton(of: network, limits: limits)
        states += automaton.stateCount
        guard states <= limits.states else {
            throw .limit(
                name: "number of states for patterns", found: "more than \(limits.states)", limit: limits.states)
        }
        return automaton
    }

    /// Any text of a length, in scalars.
    private static func emit(
        minimum: Int, maximum: Int?, in network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        let text = Regex.repeated(.scalar(.all), minimum: minimum, maximum: maximum)
        try RegexEmitter(text: .jsonString).emit(text, in: &network, from, to)
    }

    private static func emit(
        _ pattern: SchemaPattern, in network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        let emitter = RegexEmitter(text: .jsonString)
        if pattern.isWhole {
            try emitter.whole(pattern.expression, in: &network, from, to)
        } else {
            try emitter.somewhere(pattern.expression, in: &network, from, to)
        }
    }

    /// One scalar of a free string: as it is, or by any escape that means one scalar.
    private static func unit(
        in network: inout Network, _ from: Network.Node, _ to: Network.Node
    ) throws(GrammarError) {
        try network.utf8(ScalarSet.all.subtracting(JSONEscape.scalars), from, to)
        let escape = try network.node(beside: from)
        try network.literal("\\", from, escape)
        for letter in "\"\\/bfnrt".utf8 { try network.byte(letter, letter, escape, to) }
        let hexadecimal = "[0-9a-fA-F]"
        let plain = "([0-9a-cA-Ce-fE-F]\(hexadecimal){3}|[dD][0-7]\(hexadecimal){2})"
        let pair = "[dD][89abAB]\(hexadecimal){2}\\\\u[dD][c-fC-F]\(hexadecimal){2}"
        let code = try RegexParser.parse("u(\(plain)|\(pair))")
        try RegexEmitter(text: .plain).emit(code, in: &network, escape, to)
    }
}
