// One token mask: a walk of the vocabulary's trie beside the automaton. Knows no cache.

/// The tokens whose bytes the automaton takes from one position.
struct MaskWalk {
    /// A stack as a list: what lies under it is shared by the branches of the trie.
    private struct Frame {
        let site: Int32
        let below: Int32  // index of a frame; -1 at the bottom
        let depth: Int32
    }
    private var frames: [Frame] = []
    /// After each number of bytes: the state, and the frame on top.
    private var states: [Int32]
    private var tops: [Int32]

    private init(_ vocabulary: TokenVocabulary, _ position: Position) {
        states = [Int32](repeating: Automaton.refused, count: vocabulary.longest + 1)
        tops = [Int32](repeating: -1, count: vocabulary.longest + 1)
        for site in position.stack { push(site, on: Int32(frames.count) - 1) }
        states[0] = position.state
        tops[0] = Int32(frames.count) - 1
    }

    static func mask(of vocabulary: TokenVocabulary, at position: Position, in automaton: Automaton) -> TokenMask {
        var mask = TokenMask(count: vocabulary.count)
        var walk = MaskWalk(vocabulary, position)
        vocabulary.nodes.withUnsafeBufferPointer { nodes in
            vocabulary.sorted.withUnsafeBufferPointer { sorted in
                automaton.table.withUnsafeBufferPointer { table in
                    automaton.classOf.withUnsafeBufferPointer { classOf in
                        mask.words.withUnsafeMutableBufferPointer { words in
                            walk.run(nodes, sorted, automaton, table, classOf, words)
                        }
                    }
                }
            }
        }
        return mask
    }

    /// Pointers are those of one vocabulary, its mask and one automaton: every index in a node is inside `sorted`, every
    /// id inside `words`, every state and class inside `table`.
    private mutating func run(
        _ nodes: UnsafeBufferPointer<TokenVocabulary.Node>, _ sorted: UnsafeBufferPointer<Int32>,
        _ automaton: Automaton, _ table: UnsafeBufferPointer<Int32>, _ classOf: UnsafeBufferPointer<UInt8>,
        _ words: UnsafeMutableBufferPointer<UInt64>
    ) {
        var index = 0
        while index < nodes.count {
            let node = nodes[index]
            let depth = Int(node.depth)
            let entry = table[Int(states[depth - 1]) * automaton.classCount + Int(classOf[Int(node.byte)])]
            let next = entry >= 0 ? (state: entry, top: tops[depth - 1]) : enter(entry, tops[depth - 1], automaton)
            guard next.state != Automaton.refused else {
                index = Int(node.next)
                continue
            }
            var lastToken = node.firstToken + node.tokenCount
            if node.below & ~automaton.loops[Int(next.state)] == 0 {
                // Nothing below leads away from this state: all tokens there are allowed as well.
                index = Int(node.next)
                lastToken = index < nodes.count ? nodes[index].firstToken : Int32(sorted.count)
            } else {
                states[depth] = next.state
                tops[depth] = next.top
                index += 1
            }
            for place in Int(node.firstToken)..<Int(lastToken) {
                let id = Int(sorted[place])
                words[id >> 6] |= 1 << UInt64(id & 63)
            }
        }
    }

    /// The state and the top of the stack after a byte whose entry in the table is no state.
    private mutating func enter(_ entry: Int32, _ top: Int32, _ automaton: Automaton) -> (state: Int32, top: Int32) {
        switch automaton.special(entry) {
        case .refuse: return (Automaton.refused, top)
        case .go(let next): return (next, top)
        case .push(let site, let wide, let narrow):
            push(site, on: top)
            let pushed = Int32(frames.count) - 1
            let depth = Int(frames[Int(pushed)].depth)
            return (automaton.entered(wide: wide, narrow: narrow, depth: depth), pushed)
        case .pop(let outcome):
            guard top >= 0 else { return (Automaton.refused, top) }
            let frame = frames[Int(top)]
            return (automaton.returned(to: frame.site, outcome: outcome), frame.below)
        }
    }

    private mutating func push(_ site: Int32, on below: Int32) {
        let depth = below < 0 ? 1 : frames[Int(below)].depth + 1
        frames.append(Frame(site: site, below: below, depth: depth))
    }
}
