// Full pages found again by their content. Knows nothing of tensors or of who uses a page.

/// Full pages by the digest of their contents and of everything before them.
///
/// A hit compares what the digest stands for, page by page from the first: the salt, the place of the page before, and
/// the contents. Equal digests of different texts therefore cannot lead one user to another's pages.
package struct PrefixCache: Sendable {
    /// A page's contents and its place in the chain.
    package struct Block: Sendable, Equatable {
        let digest: Digest
        /// Of the first page in a chain; the others inherit it from `parent`.
        let salt: String?
        /// Identity of the entry of the page before; 0 for a first page.
        let parent: Int
        let contents: [Content]

        package init(digest: Digest, salt: String?, parent: Int, contents: [Content]) {
            self.digest = digest
            self.salt = salt
            self.parent = parent
            self.contents = contents
        }
    }
    package struct Entry: Sendable {
        let block: Block
        package let page: Int32
        /// Unique to this entry, never reused: a page whose parent was forgotten is not found any more.
        package let identity: Int
    }

    private var pages: [Digest: Int32] = [:]
    private var entries: [Int32: Entry] = [:]
    private var nextIdentity = 1

    package init() {}

    package var count: Int { entries.count }

    package func contains(_ page: Int32) -> Bool { entries[page] != nil }

    package func find(_ block: Block) -> Entry? {
        guard let page = pages[block.digest], let entry = entries[page], entry.block == block else { return nil }
        return entry
    }

    /// Remembers that `page` holds `block`. An entry of the same digest but other contents is replaced.
    package mutating func insert(_ block: Block, page: Int32) -> Entry {
        if let other = pages[block.digest] { entries[other] = nil }
        forget(page)
        let entry = Entry(block: block, page: page, identity: nextIdentity)
        nextIdentity += 1
        pages[block.digest] = page
        entries[page] = entry
        return entry
    }

    /// Forgets what `page` holds, when it is about to hold something else or cannot be trusted.
    package mutating func forget(_ page: Int32) {
        guard let entry = entries.removeValue(forKey: page) else { return }
        if pages[entry.block.digest] == page { pages[entry.block.digest] = nil }
    }

    /// Entries and digests that contradict each other.
    var problems: [String] {
        var problems: [String] = []
        if pages.count != entries.count {
            problems.append("\(pages.count) digests lead to \(entries.count) cached pages")
        }
        for (page, entry) in entries where entry.page != page || pages[entry.block.digest] != page {
            problems.append("page \(page) is not where its digest leads")
        }
        return problems
    }
}
