// Full pages of finished work, found again by their content. Knows nothing of tensors.

/// A tree of full pages: a page is found under its predecessor by its 16 contents, compared exactly, so two different
/// prompts never share a page. Contents are token ids, or, for a row of an image, the image's identity and row.
package struct PrefixCache: Sendable {
    /// One position's content.
    package enum Content: Hashable, Sendable {
        case token(Int32)
        /// `identity` is unique to the pixels and tile plan (see `ImageCache`).
        case image(identity: Int, row: Int)
    }

    private struct Key: Hashable {
        let parent: Int
        let contents: ArraySlice<Content>
    }
    private struct Entry {
        let key: Key
        let page: Int32
        var lastUse: Int
        var children: Int
    }

    private let pageTokens: Int
    private var ids: [Key: Int] = [:]
    private var entries: [Int: Entry] = [:]
    private var nextID = 1
    private var clock = 0

    package init(pageTokens: Int) { self.pageTokens = pageTokens }

    package var count: Int { entries.count }

    /// Pages that already hold the longest cached run of full pages of `contents`, each retained for the caller.
    package mutating func match(_ contents: [Content], pool: inout BlockPool) -> [Int32] {
        clock += 1
        var pages: [Int32] = []
        var parent = 0
        for start in stride(from: 0, through: contents.count - pageTokens, by: pageTokens) {
            guard let id = ids[Key(parent: parent, contents: contents[start..<start + pageTokens])],
                var entry = entries[id]
            else { break }
            entry.lastUse = clock
            entries[id] = entry
            pool.retain(entry.page)
            pages.append(entry.page)
            parent = id
        }
        return pages
    }

    /// Keeps the full pages of `contents`, which `pages` hold, with references of the cache's own.
    package mutating func insert(_ contents: [Content], pages: [Int32], pool: inout BlockPool) {
        clock += 1
        var parent = 0
        for (index, page) in pages.prefix(contents.count / pageTokens).enumerated() {
            let start = index * pageTokens
            let key = Key(parent: parent, contents: contents[start..<start + pageTokens])
            if let id = ids[key] {
                entries[id]?.lastUse = clock
                parent = id
                continue
            }
            pool.retain(page)
            ids[key] = nextID
            entries[nextID] = Entry(key: key, page: page, lastUse: clock, children: 0)
            entries[parent]?.children += 1
            parent = nextID
            nextID += 1
        }
    }

    /// Frees the least recently used page that nobody else uses and that has no successor. False when there is none.
    package mutating func evict(pool: inout BlockPool) -> Bool {
        let idle = entries.filter { $0.value.children == 0 && pool.isUnshared($0.value.page) }
        guard let (id, entry) = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return false }
        entries[id] = nil
        ids[entry.key] = nil
        entries[entry.key.parent]?.children -= 1
        pool.release(entry.page)
        return true
    }
}
