// Sets of Unicode scalars as ranges, and their UTF-8. Knows no regular expressions.

/// A set of Unicode scalars (surrogates are never in it).
struct ScalarSet: Sendable, Hashable {
    /// Ascending, apart from each other.
    private(set) var ranges: [ClosedRange<UInt32>]

    static let all = ScalarSet([0...0xD7FF, 0xE000...0x10FFFF])

    init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged.flatMap(Self.withoutSurrogates)
    }

    init(_ scalar: UnicodeScalar) { ranges = [scalar.value...scalar.value] }

    private static func withoutSurrogates(_ range: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
        var parts: [ClosedRange<UInt32>] = []
        if range.lowerBound < 0xD800 { parts.append(range.lowerBound...min(range.upperBound, 0xD7FF)) }
        if range.upperBound > 0xDFFF { parts.append(max(range.lowerBound, 0xE000)...range.upperBound) }
        return parts
    }

    var isEmpty: Bool { ranges.isEmpty }

    var complement: ScalarSet {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { result.append(next...0x10FFFF) }
        return ScalarSet(result)
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    func subtracting(_ other: ScalarSet) -> ScalarSet {
        complement.union(other).complement
    }

    func contains(_ value: UInt32) -> Bool { ranges.contains { $0.contains(value) } }
}

extension Network {
    /// The UTF-8 of any scalar of the set.
    mutating func utf8(_ set: ScalarSet, _ from: Node, _ to: Node) throws(GrammarError) {
        // Borders where the number of bytes changes.
        let lengths: [ClosedRange<UInt32>] = [0...0x7F, 0x80...0x7FF, 0x800...0xFFFF, 0x1_0000...0x10_FFFF]
        // Scalars that share their tail share its nodes: key is what the tail still has to take.
        var tails: [UTF8Tail: Node] = [:]
        for range in set.ranges {
            for (index, length) in lengths.enumerated() where range.overlaps(length) {
                let part = range.clamped(to: length)
                try utf8(part.lowerBound, part.upperBound, continuations: index, from, to, &tails)
            }
        }
    }

    /// A range of the low six-bit groups of scalars, and the node that takes their bytes.
    private struct UTF8Tail: Hashable {
        let low: UInt32, high: UInt32
        let count: Int
    }

    /// Scalars `low...high` of `continuations + 1` bytes each, or their tails of that many bytes.
    private mutating func utf8(
        _ low: UInt32, _ high: UInt32, continuations: Int, isTail: Bool = false, _ from: Node, _ to: Node,
        _ tails: inout [UTF8Tail: Node]
    ) throws(GrammarError) {
        let marks: [UInt32] = [0, 0xC0, 0xE0, 0xF0]
        let mark = isTail ? 0x80 : marks[continuations]
        let shift = UInt32(6 * continuations)
        if continuations == 0 {
            return try byte(UInt8(truncatingIfNeeded: mark | low), UInt8(truncatingIfNeeded: mark | high), from, to)
        }
        let rest = (UInt32(1) << shift) - 1
        var first = low
        while first <= high {
            let head = first >> shift
            // The longest run of heads with whole tails, or one head with a part of its tails.
            var last = min(high, head << shift | rest)
            var lastHead = head
            if first & rest == 0 {
                if last & rest == rest {
                    lastHead = high & rest == rest ? high >> shift : (high >> shift) - 1
                    last = lastHead << shift | rest
                }
            }
            let tail = UTF8Tail(low: first & rest, high: last & rest, count: continuations)
            let next: Node
            if let known = tails[tail] {
                next = known
            } else {
                next = try node(beside: from)
                tails[tail] = next
                try utf8(
                    tail.low, tail.high, continuations: continuations - 1, isTail: true, next, to, &tails)
            }
            try byte(
                UInt8(truncatingIfNeeded: mark | head), UInt8(truncatingIfNeeded: mark | lastHead), from, next)
            first = last + 1
        }
    }
}
