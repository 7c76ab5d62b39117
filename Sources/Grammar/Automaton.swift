// The deterministic automaton over bytes that a grammar compiles to: plain tables. Knows nothing of where it came from.

/// A deterministic pushdown automaton whose stack grows with an opening bracket and shrinks with a closing one. From
/// every state it can be in, some continuation is accepted.
struct Automaton: Sendable {
    /// What a byte does.
    enum Move {
        case refuse
        /// On to a state.
        case go(Int32)
        /// Push the site, go on to a state: `wide` while at least `widest` levels of nesting are left after the push,
        /// else `narrow`.
        case push(site: Int32, wide: Int32, narrow: Int32)
        /// Pop a site; the next state is the site's for this outcome.
        case pop(outcome: Int32)
    }

    struct Action: Sendable {
        let site: Int32
        let wide: Int32, narrow: Int32
        /// The outcome of a pop; -1 for a push.
        let outcome: Int32
    }

    struct SiteReturn: Sendable {
        let outcome: Int32
        let state: Int32
    }

    /// Class of each byte.
    let classOf: [UInt8]
    let classCount: Int
    /// `[state * classCount + class]`: a state, -1 to refuse, or -2 - index of an action.
    let table: [Int32]
    let actions: [Action]
    /// Returns of site s are `returns[returnStart[s]..<returnStart[s + 1]]`.
    let returns: [SiteReturn]
    let returnStart: [Int32]
    let accepting: [Bool]
    /// For each state the bytes that leave it where it is, as a `ByteBuckets`.
    let loops: [UInt64]
    /// Deepest stack.
    let nesting: Int
    /// Levels of nesting beyond which no state cares how many are left.
    let widest: Int

    static let start: Int32 = 0
    static let refused: Int32 = -1

    var stateCount: Int { accepting.count }

    /// What `byte` does in `state`.
    func move(_ state: Int32, _ byte: UInt8) -> Move {
        let entry = table[Int(state) * classCount + Int(classOf[Int(byte)])]
        return entry >= 0 ? .go(entry) : special(entry)
    }

    /// What an entry of the table does that is no state.
    func special(_ entry: Int32) -> Move {
        if entry == Self.refused { return .refuse }
        let action = actions[Int(-2 - entry)]
        return action.outcome < 0
            ? .push(site: action.site, wide: action.wide, narrow: action.narrow) : .pop(outcome: action.outcome)
    }

    /// The state a push leads to when the stack holds `depth` sites after it; `refused` when that is too deep.
    func entered(wide: Int32, narrow: Int32, depth: Int) -> Int32 {
        if depth > nesting { return Self.refused }
        return nesting - depth >= widest ? wide : narrow
    }

    /// The state after `site` was popped with `outcome`.
    func returned(to site: Int32, outcome: Int32) -> Int32 {
        for index in Int(returnStart[Int(site)])..<Int(returnStart[Int(site) + 1])
        where returns[index].outcome == outcome {
            return returns[index].state
        }
        return Self.refused
    }
}

/// A place in an automaton: its state and the sites it will return to. A value, so that going back is keeping a copy.
struct Position: Sendable, Hashable {
    var state: Int32 = Automaton.start
    var stack: [Int32] = []

    /// Takes `byte`; false, and no longer of use, when it is refused.
    mutating func take(_ byte: UInt8, in automaton: borrowing Automaton) -> Bool {
        switch automaton.move(state, byte) {
        case .refuse: return false
        case .go(let next): state = next
        case .push(let site, let wide, let narrow):
            stack.append(site)
            state = automaton.entered(wide: wide, narrow: narrow, depth: stack.count)
        case .pop(let outcome):
            guard let site = stack.popLast() else { return false }
            state = automaton.returned(to: site, outcome: outcome)
        }
        return state != Automaton.refused
    }
}
