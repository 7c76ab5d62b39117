// Edit distance of ordered trees (Zhang and Shasha 1989), with any cost of renaming. Knows no labels.

/// A tree as its nodes in post-order: children before parents, left before right.
package struct OrderedTree<Label> {
    package private(set) var labels: [Label] = []
    /// For each node the post-order number of its leftmost leaf.
    private(set) var leftmost: [Int] = []

    package init() {}

    /// Adds a node over the `children` last subtrees that have no parent yet.
    /// - Parameter start: number of nodes before the node's first descendant.
    package mutating func close(_ label: Label, from start: Int) {
        leftmost.append(start < labels.count ? start : labels.count)
        labels.append(label)
    }

    package var count: Int { labels.count }

    /// Nodes that have a left sibling, and the root: each begins a subproblem of its own.
    fileprivate var keyroots: [Int] {
        var last: [Int: Int] = [:]
        for (node, leaf) in leftmost.enumerated() { last[leaf] = node }
        return last.values.sorted()
    }
}

package enum TreeEditDistance {
    /// Two trees too large to compare: the tables of the method hold a cell for every pair of their nodes.
    package struct TooLarge: Error, Equatable {
        package let first: Int
        package let second: Int

        package var found: String { "trees of \(first) and \(second) nodes" }
    }

    package static let pairLimit = 50_000_000

    /// Cheapest sum of removals, insertions and renamings that turns one tree into the other.
    package static func distance<Label>(
        _ first: OrderedTree<Label>, _ second: OrderedTree<Label>, remove: (Label) -> Double,
        insert: (Label) -> Double, rename: (Label, Label) -> Double
    ) throws(TooLarge) -> Double {
        guard first.count <= pairLimit / max(1, second.count) else {
            throw TooLarge(first: first.count, second: second.count)
        }
        guard first.count > 0, second.count > 0 else {
            return first.labels.reduce(0) { $0 + remove($1) } + second.labels.reduce(0) { $0 + insert($1) }
        }
        let removals = first.labels.map(remove)
        let insertions = second.labels.map(insert)
        let width = second.count + 1
        var trees = [Double](repeating: 0, count: first.count * second.count)
        // Forest costs of the subproblem at hand; row and column 0 stand for the empty forest.
        var forests = [Double](repeating: 0, count: (first.count + 1) * width)
        let (leftFirst, leftSecond) = (first.leftmost, second.leftmost)
        let secondRoots = second.keyroots
        for i in first.keyroots {
            for j in secondRoots {
                let (startI, startJ) = (leftFirst[i], leftSecond[j])
                forests[0] = 0
                for x in startI...i { forests[(x - startI + 1) * width] = forests[(x - startI) * width] + removals[x] }
                for y in startJ...j { forests[y - startJ + 1] = forests[y - startJ] + insertions[y] }
                for x in startI...i {
                    let row = (x - startI + 1) * width
                    for y in startJ...j {
                        let column = y - startJ + 1
                        let cost = min(
                            forests[row - width + column] + removals[x], forests[row + column - 1] + insertions[y])
                        if leftFirst[x] == startI, leftSecond[y] == startJ {
                            let renamed =
                                forests[row - width + column - 1] + rename(first.labels[x], second.labels[y])
                            forests[row + column] = min(cost, renamed)
                            trees[x * second.count + y] = forests[row + column]
                        } else {
                            let before = (leftFirst[x] - startI) * width + leftSecond[y] - startJ
                            forests[row + column] = min(cost, forests[before] + trees[x * second.count + y])
                        }
                    }
                }
            }
        }
        return trees[first.count * second.count - 1]
    }
}
