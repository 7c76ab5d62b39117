// Who owns which page of the key-value cache. Knows page numbers, not their contents.

/// Reference-counted pages. A page with no reference is free; it keeps its contents until it is allocated again, so it
/// can be taken back (`retain`) by whoever finds them there.
package struct BlockPool: Sendable {
    /// Free pages as a list in the order they will be allocated: those without useful contents, then the cached ones,
    /// least recently released first. `links[page]` are its neighbours; `count` is the list's head and end.
    private struct Links: Sendable {
        var previous: Int
        var next: Int
    }

    private var references: [Int]
    private var links: [Links]
    package private(set) var freeCount: Int

    package init(pages: Int) {
        references = Array(repeating: 0, count: pages)
        links = (0...pages).map { Links(previous: $0 == 0 ? pages : $0 - 1, next: $0 == pages ? 0 : $0 + 1) }
        freeCount = pages
    }

    package var count: Int { references.count }
    package func references(of page: Int32) -> Int { references[Int(page)] }

    /// The free page whose contents are worth least, with one reference; nil when none is free.
    package mutating func allocate() -> Int32? {
        let page = links[count].next
        guard page < count else { return nil }
        unlink(page)
        references[page] = 1
        return Int32(page)
    }

    /// Adds a reference, also to a free page.
    package mutating func retain(_ page: Int32) {
        if references[Int(page)] == 0 { unlink(Int(page)) }
        references[Int(page)] += 1
    }

    /// - Parameter isCached: whether the contents are worth keeping once nobody refers to the page.
    package mutating func release(_ page: Int32, isCached: Bool) {
        precondition(references[Int(page)] > 0, "a page is released as often as it was taken")
        references[Int(page)] -= 1
        guard references[Int(page)] == 0 else { return }
        let next = isCached ? count : links[count].next
        let previous = links[next].previous
        links[Int(page)] = Links(previous: previous, next: next)
        links[previous].next = Int(page)
        links[next].previous = Int(page)
        freeCount += 1
    }

    private mutating func unlink(_ page: Int) {
        let (previous, next) = (links[page].previous, links[page].next)
        links[previous].next = next
        links[next].previous = previous
        freeCount -= 1
    }

    /// The free pages in the order they will be allocated, walked link by link.
    package var freePages: [Int32] {
        var pages: [Int32] = []
        var page = links[count].next
        while page < count, pages.count <= count {
            pages.append(Int32(page))
            page = links[page].next
        }
        return pages
    }
}
