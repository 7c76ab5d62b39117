// The grids an image may be cut into, in the order in which the reference tries them. Knows nothing of images.

/// A grid of tiles.
package struct Grid: Sendable, Hashable {
    package let columns: Int
    package let rows: Int

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    package var area: Int { columns * rows }
}

/// All grids of 1 to `maxTiles` tiles, smaller areas first.
///
/// The order within an area decides between grids that rounding makes almost equal. The reference collects the grids in
/// a Python `set` of tuples before it sorts them, so the order within an area is the iteration order of that set;
/// `PythonTupleSet` reproduces it.
package enum CandidateGrids {
    package static func grids(maxTiles: Int) -> [Grid] {
        var set = PythonTupleSet()
        for limit in 1...max(maxTiles, 1) {
            for columns in 1...limit {
                for rows in 1...limit where columns * rows <= maxTiles {
                    set.insert(Grid(columns: columns, rows: rows))
                }
            }
        }
        let order = set.elements
        // `sort` is not stable by contract: the place in the set breaks ties.
        return order.enumerated()
            .sorted { ($0.element.area, $0.offset) < ($1.element.area, $1.offset) }
            .map(\.element)
    }
}

/// A CPython (3.8 and later) set of pairs of small integers, as far as its iteration order goes: open addressing with
/// runs of nine linear probes, grown fourfold at three fifths full, over the xxHash-based tuple hash.
private struct PythonTupleSet {
    private var table = [Grid?](repeating: nil, count: 8)
    private var count = 0

    /// In iteration order.
    var elements: [Grid] { table.compactMap { $0 } }

    mutating func insert(_ grid: Grid) {
        guard Self.place(grid, in: &table) else { return }
        count += 1
        guard count * 5 >= (table.count - 1) * 3 else { return }
        var size = 8
        while size <= count * 4 { size *= 2 }
        let old = elements
        table = [Grid?](repeating: nil, count: size)
        for element in old { _ = Self.place(element, in: &table) }
    }

    /// False when it was there already.
    private static func place(_ grid: Grid, in table: inout [Grid?]) -> Bool {
        let linearProbes = 9
        let mask = UInt(table.count - 1)
        var perturb = hash(grid)
        var index = perturb & mask
        while true {
            let probes = Int(index) + linearProbes <= Int(mask) ? linearProbes : 0
            for place in Int(index)...Int(index) + probes {
                if table[place] == nil {
                    table[place] = grid
                    return true
                }
                if table[place] == grid { return false }
            }
            perturb >>= 5
            index = (index &* 5 &+ 1 &+ perturb) & mask
        }
    }

    private static func hash(_ grid: Grid) -> UInt {
        let (prime1, prime2, prime5): (UInt, UInt, UInt) = (
            11_400_714_785_074_694_791, 14_029_467_366_897_019_727, 2_870_177_450_012_600_261
        )
        var sum = prime5
        for lane in [grid.columns, grid.rows] {
            sum = sum &+ UInt(lane) &* prime2
            sum = (sum << 31 | sum >> 33) &* prime1
        }
        sum = sum &+ (2 ^ (prime5 ^ 3_527_539))
        return sum == UInt.max ? 1_546_275_796 : sum
    }
}
