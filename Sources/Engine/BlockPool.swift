// Who owns which page of the key-value cache. Knows page numbers, not their contents.

/// Reference-counted pages. A page with no reference is free; the prefix cache holds references of its own.
package struct BlockPool: Sendable {
    private var references: [Int]
    private var free: [Int32]

    package init(pages: Int) {
        references = Array(repeating: 0, count: pages)
        free = (0..<Int32(pages)).reversed()
    }

    package var freeCount: Int { free.count }
    package var count: Int { references.count }

    /// A page with one reference, or nil when none is free.
    package mutating func allocate() -> Int32? {
        guard let page = free.popLast() else { return nil }
        references[Int(page)] = 1
        return page
    }

    package mutating func retain(_ page: Int32) {
        precondition(references[Int(page)] > 0, "only a page in use can be shared")
        references[Int(page)] += 1
    }

    package mutating func release(_ page: Int32) {
        precondition(references[Int(page)] > 0, "a page is released as often as it was taken")
        references[Int(page)] -= 1
        if references[Int(page)] == 0 { free.append(page) }
    }

    /// True when `page` has exactly one reference.
    package func isUnshared(_ page: Int32) -> Bool { references[Int(page)] == 1 }
}
