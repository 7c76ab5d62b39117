// Edit distance between two rows of anything comparable. Knows no text.

package enum Levenshtein {
    /// Fewest insertions, deletions and substitutions that turn one row into the other.
    package static func distance<Element: Equatable>(_ first: [Element], _ second: [Element]) -> Int {
        var (first, second) = (first[...], second[...])
        // What both begin or end with costs nothing.
        while let a = first.first, let b = second.first, a == b {
            first.removeFirst()
            second.removeFirst()
        }
        while let a = first.last, let b = second.last, a == b {
            first.removeLast()
            second.removeLast()
        }
        if first.isEmpty || second.isEmpty { return max(first.count, second.count) }
        if first.count < second.count { swap(&first, &second) }
        let row = Array(second)
        return first.withUnsafeBufferPointer { first in
            row.withUnsafeBufferPointer { second in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: second.count + 1) { costs in
                    for column in 0...second.count { costs[column] = column }
                    for (line, element) in first.enumerated() {
                        var diagonal = costs[0]
                        costs[0] = line + 1
                        for column in 0..<second.count {
                            let above = costs[column + 1]
                            let cost =
                                element == second[column]
                                ? diagonal : min(diagonal, above, costs[column]) + 1
                            costs[column + 1] = cost
                            diagonal = above
                        }
                    }
                    return costs[second.count]
                }
            }
        }
    }

    package static func distance(_ first: CodePoints, _ second: CodePoints) -> Int {
        distance(first.scalars, second.scalars)
    }
}
