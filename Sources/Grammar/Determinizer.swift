// From a network to an automaton: the subset construction, with calls. Knows neither JSON nor tokens.

/// Builds the automaton of a network. A state is a set of nodes, all reached by the same bytes, and the nesting left.
///
/// Brackets make calls and returns visible in the bytes, so a push can keep the set of nodes that wait for the callees
/// (a site), and a pop can say which callees ended (an outcome); the set after it is those that waited for one of them
/// (Alur and Madhusudan, "Visibly pushdown languages", STOC 2004).
struct Determinizer {
    private let network: Network
    private let need: NestingNeed
    private let limits: GrammarLimits
    /// Nesting left beyond this is alike to every node.
    private let widest: Int
    private var classOf = [UInt8](repeating: 0, count: 256)
    private var classCount = 0
    private var steps = 0

    private struct StateKey: Hashable {
        let nodes: [Network.Node]  // ascending, only nodes that have an edge which is no `nothing`, and ends of rules
        let room: Int32
    }
    private var states: [StateKey: Int32] = [:]
    private var keys: [StateKey] = []
    /// The state of a single node at the widest room, closure taken; -1 unknown.
    private var stateOfNode: [Int32]
    private var table: [Int32] = []

    private struct Waiting: Hashable {
        let rule: Network.Rule
        let node: Network.Node
    }
    private struct SiteKey: Hashable {
        let waiting: [Waiting]
        let room: Int32
    }
    private var sites: [SiteKey: Int32] = [:]
    private var siteKeys: [SiteKey] = []
    private var returns: [[Automaton.SiteReturn]] = []
    private var outcomes: [[Network.Rule]: Int32] = [:]
    private var outcomeKeys: [[Network.Rule]] = []
    private var actions: [Automaton.Action] = []
    private var popOf: [Int32: Int32] = [:]
    private var ruleOfEnd: [Network.Node: Network.Rule] = [:]
    private var sitesCalling: [Network.Rule: [Int32]] = [:]
    private var outcomesWith: [Network.Rule: [Int32]] = [:]

    // Scratch of `closure`.
    private var visited: [Int32]
    private var visit: Int32 = 0

    private let depths: [UInt64]

    static func automaton(of network: Network, limits: GrammarLimits) throws(GrammarError) -> Automaton {
        let need = NestingNeed(network)
        guard let least = need[network.start] else {
            throw .unsatisfiable(path: "#", reason: "every way to an answer is closed")
        }
        guard least <= limits.nesting else {
            throw .limit(name: "nesting", found: "at least \(least)", limit: limits.nesting)
        }
        var builder = Determinizer(network, need, limits)
        return try builder.build()
    }

    private init(_ network: Network, _ need: NestingNeed, _ limits: GrammarLimits) {
        self.network = network
        self.need = need
        self.limits = limits
        var widest = need.largest
        for edge in network.edges where edge.kind == .call {
            if let level = need[network.rules[Int(edge.rule)].start] { widest = max(widest, level + 1) }
        }
        self.widest = min(widest, limits.nesting)
        stateOfNode = [Int32](repeating: -1, count: network.firstEdge.count)
        visited = [Int32](repeating: 0, count: network.firstEdge.count)
        depths = Self.depths(network, limit: limits.nesting)
        for (rule, ends) in network.rules.enumerated() { ruleOfEnd[ends.end] = Network.Rule(rule) }
        makeClasses()
    }

    /// Depths at which each rule may be called, a bit each.
    private static func depths(_ network: borrowing Network, limit: Int) -> [UInt64] {
        var callees = [Set<Network.Rule>](repeating: [], count: network.rules.count)
        for node in network.firstEdge.indices {
            var index = network.firstEdge[node]
            while index >= 0 {
                let edge = network.edges[Int(index)]
                if edge.kind == .call { callees[Int(network.owner[node])].insert(edge.rule) }
                index = edge.next
            }
        }
        var masks = [UInt64](repeating: 0, count: network.rules.count)
        masks[0] = 1
        var pending: [Network.Rule] = [Network.root]
        let all = (UInt64(1) << UInt64(limit + 1)) &- 1
        while let rule = pending.popLast() {
            let below = (masks[Int(rule)] << 1) & all
            for callee in callees[Int(rule)] where masks[Int(callee)] | below != masks[Int(callee)] {
                masks[Int(callee)] |= below
                pending.append(callee)
            }
        }
        return masks
    }

    /// Bytes between the same two borders of edges' ranges behave alike.
    private mutating func makeClasses() {
        var isBorder = [Bool](repeating: false, count: 257)
        isBorder[0] = true
        for edge in network.edges where edge.kind == .bytes {
            isBorder[Int(edge.low)] = true
            isBorder[Int(edge.high) + 1] = true
        }
        for rule in network.rules.dropFirst() {
            isBorder[Int(rule.open)] = true
            isBorder[Int(rule.open) + 1] = true
        }
        for byte in 0..<256 {
            if isBorder[byte] { classCount += 1 }
            classOf[byte] = UInt8(classCount - 1)
        }
    }

    private mutating func build() throws(GrammarError) -> Automaton {
        _ = try state(of: [network.start], room: Int32(widest))
        var done = 0
        var targets = [[Network.Node]](repeating: [], count: classCount)
        while done < keys.count {
            try expand(done, &targets)
            done += 1
        }
        var returnStart: [Int32] = [0]
        var flat: [Automaton.SiteReturn] = []
        for list in returns {
            flat.append(contentsOf: list)
            returnStart.append(Int32(flat.count))
        }
        let loops = keys.indices.map { state in
            ByteBuckets.whole { table[state * classCount + Int(classOf[Int($0)])] == Int32(state) }
        }
        return Automaton(
            classOf: classOf, classCount: classCount, table: table, actions: actions, returns: flat,
            returnStart: returnStart, accepting: keys.map { $0.nodes.contains(network.end) }, loops: loops,
            nesting: limits.nesting, widest: widest)
    }

    private mutating func spend(_ count: Int) throws(GrammarError) {
        steps += count
        if steps > limits.steps {
            throw .limit(name: "determinisation", found: "more than \(limits.steps) steps", limit: limits.steps)
        }
    }

    // MARK: States

    private func isAlive(_ node: Network.Node, _ room: Int32) -> Bool {
        guard let level = need[node] else { return false }
        return level <= room
    }

    /// The state of the nodes that `seeds` reach by edges that take nothing; nil when none is alive.
    private mutating func state(of seeds: [Network.Node], room: Int32) throws(GrammarError) -> Int32? {
        if seeds.count == 1, let seed = seeds.first, Int(room) == widest, stateOfNode[Int(seed)] >= 0 {
            return stateOfNode[Int(seed)]
        }
        visit += 1
        var pending = seeds
        var nodes: [Network.Node] = []
        var passed = 0
        while let node = pending.popLast() {
            guard visited[Int(node)] != visit, isAlive(node, room) else { continue }
            visited[Int(node)] = visit
            var index = network.firstEdge[Int(node)]
            var isKept = index < 0
            while index >= 0 {
                let edge = network.edges[Int(index)]
                if edge.kind == .nothing { pending.append(edge.target) } else { isKept = true }
                index = edge.next
                passed += 1
            }
            if isKept { nodes.append(node) }
        }
        try spend(passed + 1)
        guard !nodes.isEmpty else { return nil }
        nodes.sort()
        let state = try intern(StateKey(nodes: nodes, room: room))
        if seeds.count == 1, let seed = seeds.first, Int(room) == widest { stateOfNode[Int(seed)] = state }
        return state
    }

    private mutating func intern(_ key: StateKey) throws(GrammarError) -> Int32 {
        if let known = states[key] { return known }
        guard keys.count < limits.states else {
            throw .limit(name: "number of states", found: "more than \(limits.states)", limit: limits.states)
        }
        let state = Int32(keys.count)
        states[key] = state
        keys.append(key)
        table.append(contentsOf: repeatElement(Automaton.refused, count: classCount))
        return state
    }

    /// Fills the row of a state.
    private mutating func expand(_ state: Int, _ targets: inout [[Network.Node]]) throws(GrammarError) {
        let key = keys[state]
        var used = (first: classCount, last: -1)
        var calls: [UInt8: [Waiting]] = [:]
        for node in key.nodes {
            var index = network.firstEdge[Int(node)]
            while index >= 0 {
                let edge = network.edges[Int(index)]
                index = edge.next
                guard edge.kind != .nothing, isAlive(edge.target, key.room) else { continue }
                if edge.kind == .call {
                    let callee = network.rules[Int(edge.rule)]
                    guard isAlive(callee.start, key.room - 1) else { continue }
                    calls[callee.open, default: []].append(Waiting(rule: edge.rule, node: edge.target))
                    continue
                }
                let first = Int(classOf[Int(edge.low)]), last = Int(classOf[Int(edge.high)])
                used = (min(used.first, first), max(used.last, last))
                for index in first...last { targets[index].append(edge.target) }
                try spend(1 + (last - first) / 16)
            }
        }
        var previous: (nodes: [Network.Node], entry: Int32) = ([], Automaton.refused)
        for index in used.first..<max(used.first, used.last + 1) where !targets[index].isEmpty {
            if targets[index] != previous.nodes {
                previous = (targets[index], try entry(after: targets[index], room: key.room))
            }
            table[state * classCount + index] = previous.entry
            targets[index].removeAll(keepingCapacity: true)
        }
        for (open, waiting) in calls.sorted(by: { $0.key < $1.key }) {
            table[state * classCount + Int(classOf[Int(open)])] = try push(waiting, room: key.room)
        }
    }

    /// The table's entry for a byte that leads to `nodes`.
    private mutating func entry(after nodes: [Network.Node], room: Int32) throws(GrammarError) -> Int32 {
        var ended = Set<Network.Rule>()
        for node in nodes {
            if let rule = ruleOfEnd[node], rule != Network.root { ended.insert(rule) }
        }
        if !ended.isEmpty { return try pop(ended.sorted()) }
        return try state(of: nodes, room: room) ?? Automaton.refused
    }

    // MARK: Calls

    private mutating func push(_ calls: [Waiting], room: Int32) throws(GrammarError) -> Int32 {
        let waiting = Set(calls).sorted { ($0.rule, $0.node) < ($1.rule, $1.node) }
        let key = SiteKey(waiting: waiting, room: room)
        let rules = Set(waiting.map(\.rule))
        let starts = rules.map { network.rules[Int($0)].start }.sorted()
        let site: Int32
        if let known = sites[key] {
            site = known
        } else {
            site = Int32(siteKeys.count)
            sites[key] = site
            siteKeys.append(key)
            returns.append([])
            for rule in rules { sitesCalling[rule, default: []].append(site) }
            for outcome in Set(rules.flatMap { outcomesWith[$0] ?? [] }).sorted() {
                try addReturn(to: site, outcome)
            }
        }
        // How many levels may be left after the push.
        var wide = Automaton.refused, narrow = Automaton.refused
        let depths = rules.reduce(UInt64(0)) { $0 | self.depths[Int($1)] }
        let border = limits.nesting - widest  // deepest stack with `widest` levels left
        if Int(room) == widest, depths & ((UInt64(1) << UInt64(border + 1)) &- 1) != 0 {
            wide = try state(of: starts, room: room) ?? Automaton.refused
        }
        if Int(room) < widest || depths & (UInt64(1) << UInt64(border + 1)) != 0 {
            narrow = try state(of: starts, room: room - 1) ?? Automaton.refused
        }
        actions.append(Automaton.Action(site: site, wide: wide, narrow: narrow, outcome: -1))
        return -1 - Int32(actions.count)
    }

    private mutating func pop(_ rules: [Network.Rule]) throws(GrammarError) -> Int32 {
        let outcome: Int32
        if let known = outcomes[rules] {
            outcome = known
        } else {
            outcome = Int32(outcomeKeys.count)
            outcomes[rules] = outcome
            outcomeKeys.append(rules)
            for rule in rules { outcomesWith[rule, default: []].append(outcome) }
            // Every rule of an outcome was called from the same site, so any one of them finds the sites.
            for site in rules.first.flatMap({ sitesCalling[$0] }) ?? [] { try addReturn(to: site, outcome) }
        }
        if let known = popOf[outcome] { return known }
        actions.append(Automaton.Action(site: -1, wide: -1, narrow: -1, outcome: outcome))
        let entry = -1 - Int32(actions.count)
        popOf[outcome] = entry
        return entry
    }

    /// Adds where `site` goes on after `outcome`, if the outcome can be one of its own.
    private mutating func addReturn(to site: Int32, _ outcome: Int32) throws(GrammarError) {
        let key = siteKeys[Int(site)]
        let ended = Set(outcomeKeys[Int(outcome)])
        guard ended.isSubset(of: key.waiting.map(\.rule)) else { return }
        try spend(key.waiting.count)
        let nodes = key.waiting.filter { ended.contains($0.rule) }.map(\.node)
        guard let state = try state(of: nodes, room: key.room) else { return }
        returns[Int(site)].append(Automaton.SiteReturn(outcome: outcome, state: state))
    }
}
