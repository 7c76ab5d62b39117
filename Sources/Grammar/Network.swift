// A nondeterministic automaton over bytes with calls, as it is built from a source. Knows neither JSON nor tokens.

/// Nodes joined by edges that take a byte, nothing, or the whole of another rule. A rule other than the first begins
/// with an opening bracket and ends with a closing one, so that the bytes alone tell where calls begin and end.
///
/// Builders connect a node `from` to a node `to`; they add no edge into `from` and none out of `to`.
struct Network {
    typealias Node = Int32
    typealias Rule = Int32

    struct Edge {
        enum Kind: UInt8 { case bytes, nothing, call }
        let kind: Kind
        /// Bytes taken, when the kind is `bytes`.
        let low: UInt8, high: UInt8
        let target: Node
        /// The rule called, when the kind is `call`.
        let rule: Rule
        /// Next edge of the same node; -1 after the last.
        let next: Int32
    }

    struct RuleEnds {
        /// The byte a call begins with; unused by the first rule.
        let open: UInt8
        /// Node after that byte.
        let start: Node
        /// Node after the closing byte. It has no edges.
        let end: Node
    }

    private(set) var edges: [Edge] = []
    /// Index of each node's latest edge; -1 when it has none.
    private(set) var firstEdge: [Int32] = []
    /// The rule each node belongs to.
    private(set) var owner: [Rule] = []
    private(set) var rules: [RuleEnds] = []
    private let limit: Int

    /// Begins the first rule.
    init(limits: GrammarLimits) throws(GrammarError) {
        limit = min(max(limits.states, 1), 1 << 26) * 4
        _ = try rule(open: 0)
    }

    static let root: Rule = 0
    var start: Node { rules[0].start }
    var end: Node { rules[0].end }

    /// Adds a rule with its two nodes.
    mutating func rule(open: UInt8) throws(GrammarError) -> Rule {
        let rule = Rule(rules.count)
        let start = try node(of: rule), end = try node(of: rule)
        rules.append(RuleEnds(open: open, start: start, end: end))
        return rule
    }

    /// Adds a node to the rule of `neighbor`.
    mutating func node(beside neighbor: Node) throws(GrammarError) -> Node { try node(of: owner[Int(neighbor)]) }

    private mutating func node(of rule: Rule) throws(GrammarError) -> Node {
        guard firstEdge.count < limit else {
            throw .limit(name: "number of nodes", found: "more than \(limit)", limit: limit)
        }
        firstEdge.append(-1)
        owner.append(rule)
        return Node(firstEdge.count - 1)
    }

    private mutating func add(
        _ kind: Edge.Kind, _ from: Node, _ to: Node, low: UInt8 = 0, high: UInt8 = 0, rule: Rule = 0
    ) throws(GrammarError) {
        guard edges.count < limit * 4 else {
            throw .limit(name: "number of edges", found: "more than \(limit * 4)", limit: limit * 4)
        }
        edges.append(
            Edge(kind: kind, low: low, high: high, target: to, rule: rule, next: firstEdge[Int(from)]))
        firstEdge[Int(from)] = Int32(edges.count - 1)
    }

    // MARK: Connections

    mutating func byte(_ low: UInt8, _ high: UInt8, _ from: Node, _ to: Node) throws(GrammarError) {
        try add(.bytes, from, to, low: low, high: high)
    }

    mutating func nothing(_ from: Node, _ to: Node) throws(GrammarError) { try add(.nothing, from, to) }

    mutating func call(_ rule: Rule, _ from: Node, _ to: Node) throws(GrammarError) {
        try add(.call, from, to, rule: rule)
    }

    /// These bytes, one after another.
    mutating func literal(_ bytes: some Collection<UInt8>, _ from: Node, _ to: Node) throws(GrammarError) {
        var here = from
        var left = bytes.count
        if left == 0 { try nothing(from, to) }
        for byte in bytes {
            left -= 1
            let next = left == 0 ? to : try node(beside: from)
            try self.byte(byte, byte, here, next)
            here = next
        }
    }

    mutating func literal(_ text: String, _ from: Node, _ to: Node) throws(GrammarError) {
        try literal(Array(text.utf8), from, to)
    }

    /// Any number of what `body` connects, at least `minimum` and at most `maximum` times; nil means without end.
    mutating func repeated(
        _ minimum: Int, _ maximum: Int?, _ from: Node, _ to: Node,
        _ body: (inout Network, Node, Node) throws(GrammarError) -> Void
    ) throws(GrammarError) {
        var here = try node(beside: from)
        try nothing(from, here)
        var count = 0
        while count < minimum {
            let next = try node(beside: from)
            try body(&self, here, next)
            here = next
            count += 1
        }
        guard let maximum else {
            let loop = try node(beside: from)
            try nothing(here, loop)
            try body(&self, loop, loop)
            return try nothing(loop, to)
        }
        try nothing(here, to)
        while count < maximum {
            let next = try node(beside: from)
            try body(&self, here, next)
            try nothing(next, to)
            here = next
            count += 1
        }
    }
}
