// The extents of a row-major array. Knows nothing of element types or storage.

/// Extents of a dense row-major array, outermost first. An empty shape is a scalar.
package struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
    package let extents: [Int]

    package init(_ extents: [Int]) { self.extents = extents }
    package init(arrayLiteral elements: Int...) { extents = elements }

    package var rank: Int { extents.count }

    /// Number of elements, or nil when an extent is negative or the product exceeds `Int`.
    package var checkedCount: Int? {
        var product = 1
        for extent in extents {
            guard extent >= 0 else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            guard !overflow else { return nil }
            product = next
        }
        return product
    }

    /// Number of elements of a shape already known to be sound; traps otherwise.
    package var count: Int { extents.reduce(1, *) }

    package subscript(axis: Int) -> Int { extents[axis] }

    package var description: String { "[" + extents.map(String.init).joined(separator: ", ") + "]" }
}
