// Byte-pair merging: from the bytes of one piece to token ids. Knows no text rules and no special tokens.
// Source: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units" (arXiv 1508.07909), on bytes.

/// One rule of the merge list: the ids of a pair and of the token that replaces it.
package struct Merge: Sendable, Equatable {
    var left: Int32
    var right: Int32
    var merged: Int32
}

/// Applies merges lowest rank first, leftmost on equal rank.
struct BytePairEncoder: Sendable {
    /// Rank above every merge: no rule for this pair.
    private static let none = UInt32.max
    /// Longest piece, in bytes, for which scanning all ranks beats a heap.
    private static let scanLimit = 96

    /// Open addressing with linear probing, at most half full. Key: left id, right id; all ones is an empty slot.
    private let pairs: [Pair]
    private let byteIDs: [Int32]  // [256]

    private struct Pair: Sendable {
        var key = UInt64.max
        var rank = BytePairEncoder.none
        var merged: Int32 = -1
    }

    /// - Parameters:
    ///   - merges: in rank order; a pair listed twice has its last rank, as in Hugging Face `tokenizers`.
    ///   - byteIDs: the id of each single byte. [256]
    ///   - unreachable: by id, tokens that merging must not make.
    init(merges: [Merge], byteIDs: [Int32], unreachable: [Bool]) {
        var capacity = 16
        while capacity < merges.count * 2 { capacity *= 2 }
        var pairs = [Pair](repeating: Pair(), count: capacity)
        for (rank, merge) in merges.enumerated() where !unreachable[Int(merge.merged)] {
            let key = Self.key(merge.left, merge.right)
            var slot = Self.slot(key, capacity)
            while pairs[slot].key != .max, pairs[slot].key != key { slot = (slot + 1) & (capacity - 1) }
            pairs[slot] = Pair(key: key, rank: UInt32(truncatingIfNeeded: rank), merged: merge.merged)
        }
        self.pairs = pairs
        self.byteIDs = byteIDs
    }

    /// Working arrays, kept from piece to piece.
    struct Scratch {
        var symbols: [Symbol] = []
        var heap: [UInt64] = []
    }

    struct Symbol {
        var id: Int32
        /// Of the pair that this symbol makes with the next one.
        var rank: UInt32
        var merged: Int32
        var previous: Int32 = -1
        var next: Int32 = -1
    }

    /// Appends the ids of `bytes[lower..<upper]` to `ids`.
    func encode(
        _ bytes: Span<UInt8>, _ lower: Int, _ upper: Int, into ids: inout [Int32], scratch: inout Scratch
    ) {
        scratch.symbols.removeAll(keepingCapacity: true)
        for index in lower..<upper {
            scratch.symbols.append(Symbol(id: byteIDs[Int(bytes[index])], rank: Self.none, merged: -1))
        }
        for index in 0..<max(scratch.symbols.count - 1, 0) {
            rate(&scratch.symbols[index], with: scratch.symbols[index + 1].id)
        }
        if upper - lower <= Self.scanLimit {
            mergeByScanning(&scratch.symbols)
            for symbol in scratch.symbols { ids.append(symbol.id) }
        } else {
            mergeByHeap(&scratch)
            var index: Int32 = 0
            while index >= 0 {
                ids.append(scratch.symbols[Int(index)].id)
                index = scratch.symbols[Int(index)].next
            }
        }
    }

    /// Quadratic in the piece, with a small constant.
    private func mergeByScanning(_ symbols: inout [Symbol]) {
        while true {
            var best = Self.none
            var place = 0
            for index in symbols.indices where symbols[index].rank < best {
                best = symbols[index].rank
                place = index
            }
            guard best != Self.none else { return }
            symbols[place].id = symbols[place].merged
            symbols.remove(at: place + 1)
            if place + 1 < symbols.count {
                rate(&symbols[place], with: symbols[place + 1].id)
            } else {
                symbols[place].rank = Self.none
            }
            if place > 0 { rate(&symbols[place - 1], with: symbols[place].id) }
        }
    }

    /// n log n in the piece: symbols as a linked list, pairs in a heap ordered by rank, then place.
    private func mergeByHeap(_ scratch: inout Scratch) {
        let last = scratch.symbols.count - 1
        scratch.heap.removeAll(keepingCapacity: true)
        for index in 0...last {
            scratch.symbols[index].previous = Int32(index - 1)
            scratch.symbols[index].next = index < last ? Int32(index + 1) : -1
            push(scratch.symbols[index].rank, index, &scratch.heap)
        }
        while let entry = pop(&scratch.heap) {
            let place = Int(entry & 0xFFFF_FFFF)
            // An entry outlives its pair when a neighbour merged first: the rank then differs.
            guard scratch.symbols[place].rank == UInt32(entry >> 32) else { continue }
            let absorbed = Int(scratch.symbols[place].next)
            let next = Int(scratch.symbols[absorbed].next)
            scratch.symbols[absorbed].rank = Self.none
            scratch.symbols[place].id = scratch.symbols[place].merged
            scratch.symbols[place].next = Int32(next)
            if next >= 0 {
                scratch.symbols[next].previous = Int32(place)
                rate(&scratch.symbols[place], with: scratch.symbols[next].id)
                push(scratch.symbols[place].rank, place, &scratch.heap)
            } else {
                scratch.symbols[place].rank = Self.none
            }
            let previous = Int(scratch.symbols[place].previous)
            if previous >= 0 {
                rate(&scratch.symbols[previous], with: scratch.symbols[place].id)
                push(scratch.symbols[previous].rank, previous, &scratch.heap)
            }
        }
    }

    @inline(__always)
    private func rate(_ symbol: inout Symbol, with next: Int32) {
        let key = Self.key(symbol.id, next)
        var slot = Self.slot(key, pairs.count)
        while pairs[slot].key != key {
            if pairs[slot].key == .max {
                symbol.rank = Self.none
                return
            }
            slot = (slot + 1) & (pairs.count - 1)
        }
        symbol.rank = pairs[slot].rank
        symbol.merged = pairs[slot].merged
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private static func slot(_ key: UInt64, _ capacity: Int) -> Int {
        let product = key.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: product.high ^ product.low) & (capacity - 1)
    }

    // MARK: Binary heap, smallest first

    private func push(_ rank: UInt32, _ place: Int, _ heap: inout [UInt64]) {
        guard rank != Self.none else { return }
        heap.append(UInt64(rank) << 32 | UInt64(place))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private func pop(_ heap: inout [UInt64]) -> UInt64? {
        guard let smallest = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return smallest }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return smallest }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < heap[parent] else { return smallest }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
