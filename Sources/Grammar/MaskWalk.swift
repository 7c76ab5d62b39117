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
                mask.words.withUnsafeMutableBufferPointer { words in
                    walk.run(nodes, sorted, automaton, words)
                }
            }
        }
        return mask
    }

    /// Pointers are those of one vocabulary and its mask: every index in a node is inside `sorted`, every id inside
    /// `words`.
    private mutating func run(
        _ nodes: UnsafeBufferPointer<TokenVocabulary.Node>, _ sorted: UnsafeBufferPointer<Int32>,
        _ automaton: Automaton, _ words: UnsafeMutableBufferPointer<UInt64>
    ) {
        var index = 0
        while index < nodes.count {
            let node = nodes[index]
            let depth = Int(node.depth)
            var top = tops[depth - 1]
            let state: Int32
            switch automaton.move(states[depth - 1], node.byte) {
            case .refuse: state = Automaton.refused
            case .go(let next): state = next
            case .push(let site, let wide, let narrow):
                push(site, on: top)
                top = Int32(frames.count) - 1
                state = automaton.entered(wide: wide, narrow: narrow, depth: Int(frames[Int(top)].depth))
            case .pop(let outcome):
                guard top >= 0 else {
                    index = Int(node.next)
                    continue
                }
                let frame = frames[Int(top)]
                top = frame.below
                state = automaton.returned(to: frame.site, outcome: outcome)
            }
            guard state != Automaton.refused else {
                index = Int(node.next)
                continue
            }
            states[depth] = state
            tops[depth] = top
            for place in Int(node.firstToken)..<Int(node.firstToken + node.tokenCount) {
                let id = Int(sorted[place])
                words[id >> 6] |= 1 << UInt64(id & 63)
            }
            index += 1
        }
    }

    private mutating func push(_ site: Int32, on below: Int32) {
        let depth = below < 0 ? 1 : frames[Int(below)].depth + 1
        frames.append(Frame(site: site, below: below, depth: depth))
    }
}
