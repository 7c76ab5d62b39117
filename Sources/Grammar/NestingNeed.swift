// How much nesting each node of a network still needs to reach its rule's end. Knows no bytes.

/// For every node the least depth of calls on a way to the end of its rule: 0 when no call is needed, nil when there is
/// no way at all. It decides what is satisfiable, and what may still be begun near the deepest nesting allowed.
struct NestingNeed {
    private let levels: [Int32]

    init(_ network: borrowing Network) {
        let count = network.firstEdge.count
        // Edges by target, for the walk backwards: those of node n are `incoming[starts[n]..<starts[n + 1]]`.
        var starts = [Int32](repeating: 0, count: count + 1)
        for edge in network.edges { starts[Int(edge.target) + 1] += 1 }
        for node in 0..<count { starts[node + 1] += starts[node] }
        var incoming = [(source: Int32, edge: Int32)](repeating: (0, 0), count: network.edges.count)
        var filled = starts
        for node in 0..<count {
            var index = network.firstEdge[node]
            while index >= 0 {
                let edge = network.edges[Int(index)]
                incoming[Int(filled[Int(edge.target)])] = (Int32(node), index)
                filled[Int(edge.target)] += 1
                index = edge.next
            }
        }
        var levels = [Int32](repeating: -1, count: count)
        // Sources of calls whose target is reached while the rule they call is not.
        var waiting = [[Int32]](repeating: [], count: network.rules.count)
        var ruleOf = [Int32](repeating: -1, count: count)
        for (rule, ends) in network.rules.enumerated() { ruleOf[Int(ends.start)] = Int32(rule) }

        // Nodes that need `level` calls at most are complete before those that need more are looked for.
        var level: Int32 = 0
        var pending = network.rules.map(\.end)
        var later: [Int32] = []
        while !pending.isEmpty {
            while let node = pending.popLast() {
                guard levels[Int(node)] < 0 else { continue }
                levels[Int(node)] = level
                if ruleOf[Int(node)] >= 0 {
                    later.append(contentsOf: waiting[Int(ruleOf[Int(node)])])
                    waiting[Int(ruleOf[Int(node)])] = []
                }
                for place in Int(starts[Int(node)])..<Int(starts[Int(node) + 1]) {
                    let (source, index) = incoming[place]
                    guard levels[Int(source)] < 0 else { continue }
                    let edge = network.edges[Int(index)]
                    guard edge.kind == .call else {
                        pending.append(source)
                        continue
                    }
                    let need = levels[Int(network.rules[Int(edge.rule)].start)]
                    if need < 0 {
                        waiting[Int(edge.rule)].append(source)
                    } else if need + 1 <= level {
                        pending.append(source)
                    } else {
                        later.append(source)
                    }
                }
            }
            pending = later
            later = []
            level += 1
        }
        self.levels = levels
    }

    subscript(node: Network.Node) -> Int? {
        let level = levels[Int(node)]
        return level < 0 ? nil : Int(level)
    }

    /// The largest need among nodes, or 0.
    var largest: Int { Int(levels.max() ?? 0) }
}
