// Deterministic automata put back into a network: as they are, two at once, or one but not the other.

extension Network {
    /// What `automaton`, which has no calls, accepts.
    mutating func embed(_ automaton: Automaton, _ from: Node, _ to: Node) throws(GrammarError) {
        try product(automaton, automaton, { first, _ in first }, from, to)
    }

    /// What both accept.
    mutating func embed(_ first: Automaton, and second: Automaton, _ from: Node, _ to: Node) throws(GrammarError) {
        try product(first, second, { $0 && $1 }, from, to)
    }

    /// What the first accepts and the second does not.
    mutating func embed(_ first: Automaton, unless second: Automaton, _ from: Node, _ to: Node) throws(GrammarError) {
        try product(first, second, { $0 && !$1 }, from, to)
    }

    private struct Pair: Hashable {
        let first: Int32
        let second: Int32  // `refused` once the second automaton has refused
    }

    private mutating func product(
        _ first: Automaton, _ second: Automaton, _ accepts: (Bool, Bool) -> Bool, _ from: Node, _ to: Node
    ) throws(GrammarError) {
        let start = Pair(first: Automaton.start, second: Automaton.start)
        var nodes = [start: try node(beside: from)]
        var pending = [start]
        try nothing(from, nodes[start] ?? from)
        while let pair = pending.popLast() {
            guard let source = nodes[pair] else { continue }
            let isAccepting = pair.second >= 0 && second.accepting[Int(pair.second)]
            if accepts(first.accepting[Int(pair.first)], isAccepting) { try nothing(source, to) }
            // Runs of bytes that lead to the same pair.
            var run: (low: UInt8, target: Pair)?
            for byte in UInt8.min...UInt8.max {
                let target = Pair(
                    first: first.successor(of: pair.first, byte), second: second.successor(of: pair.second, byte))
                if let known = run, known.target != target {
                    try connect(source, known.low, byte - 1, known.target, &nodes, &pending)
                    run = nil
                }
                if run == nil, target.first >= 0 { run = (byte, target) }
            }
            if let run { try connect(source, run.low, UInt8.max, run.target, &nodes, &pending) }
        }
    }

    private mutating func connect(
        _ source: Node, _ low: UInt8, _ high: UInt8, _ pair: Pair, _ nodes: inout [Pair: Node], _ pending: inout [Pair]
    ) throws(GrammarError) {
        if nodes[pair] == nil {
            nodes[pair] = try node(beside: source)
            pending.append(pair)
        }
        if let target = nodes[pair] { try byte(low, high, source, target) }
    }
}

extension Automaton {
    /// The state after a byte in an automaton without calls.
    fileprivate func successor(of state: Int32, _ byte: UInt8) -> Int32 {
        guard state >= 0, case .go(let next) = move(state, byte) else { return Self.refused }
        return next
    }
}
