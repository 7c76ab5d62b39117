import Compute
import Engine
import Testing

struct CacheTests {
    private func tokens(_ ids: [Int32]) -> [PrefixCache.Content] { ids.map { .token($0) } }

    @Test func pagesAreCountedAndReused() {
        var pool = BlockPool(pages: 2)
        let taken = (0..<3).map { _ in pool.allocate() }
        #expect(Set(taken) == [0, 1, nil])
        pool.retain(1)
        pool.release(1)
        #expect(pool.freeCount == 0)
        pool.release(1)
        #expect(pool.freeCount == 1)
        let again = pool.allocate()
        #expect(again == 1)
    }

    @Test func aPrefixIsFoundPageByPageAndOnlyWhenEqual() {
        var pool = BlockPool(pages: 8)
        var cache = PrefixCache(pageTokens: 2)
        let pages = (0..<3).compactMap { _ in pool.allocate() }
        cache.insert(tokens([1, 2, 3, 4, 5]), pages: pages, pool: &pool)
        #expect(cache.count == 2)  // the half-filled page is not kept
        for page in pages { pool.release(page) }
        #expect(pool.freeCount == 6)
        let found = [[1, 2, 3, 4, 5, 6], [1, 2, 9, 4], [3, 4], [1]].map { cache.match(tokens($0), pool: &pool) }
        #expect(found == [Array(pages[..<2]), [pages[0]], [], []])
    }

    @Test func imagesWithOtherPixelsDoNotMatch() {
        var pool = BlockPool(pages: 4)
        var cache = PrefixCache(pageTokens: 2)
        let page = pool.allocate()
        cache.insert(
            [.image(identity: 1, row: 0), .image(identity: 1, row: 1)], pages: [page].compactMap(\.self), pool: &pool)
        let found = [
            [PrefixCache.Content.image(identity: 2, row: 0), .image(identity: 2, row: 1)], [.token(1), .token(1)],
            [.image(identity: 1, row: 0), .image(identity: 1, row: 1)],
        ].map { cache.match($0, pool: &pool) }
        #expect(found == [[], [], [0]])
    }

    @Test func evictionTakesIdleLeavesOldestFirst() {
        var pool = BlockPool(pages: 3)
        var cache = PrefixCache(pageTokens: 1)
        let pages = (0..<3).compactMap { _ in pool.allocate() }
        cache.insert(tokens([1, 2]), pages: Array(pages[..<2]), pool: &pool)
        cache.insert(tokens([7]), pages: [pages[2]], pool: &pool)
        for page in pages { pool.release(page) }
        let held = cache.match(tokens([1, 2]), pool: &pool)
        let whileHeld = [cache.evict(pool: &pool), cache.evict(pool: &pool)]
        #expect(whileHeld == [true, false])  // [7] was the only page nobody used
        for page in held { pool.release(page) }
        let leaf = cache.evict(pool: &pool)
        let rest = cache.match(tokens([1, 2]), pool: &pool)
        #expect(leaf && rest == [pages[0]])
        pool.release(pages[0])
        let root = cache.evict(pool: &pool)
        #expect(root && pool.freeCount == 3 && cache.count == 0)
    }

    @Test func imageEmbeddingsAreFoundByExactPixelsWithinTheLimit() {
        var cache = ImageCache(limit: 100)
        let embeddings = Tensor([1, 2, 3, 4], shape: [1, 4])  // 16 bytes
        let images = (0..<4).map { ImageTiles(tiles: 1, pixels: [UInt8](repeating: UInt8($0), count: 30)) }
        let first = cache.insert(images[0], embeddings: embeddings)
        let second = cache.insert(images[1], embeddings: embeddings)
        #expect(first.identity != second.identity)
        let found = cache.find(images[0])
        #expect(found?.identity == first.identity)
        _ = cache.insert(images[2], embeddings: embeddings)  // 138 bytes: the least recently used goes
        let kept = images.prefix(3).map { cache.find($0) != nil }
        #expect(kept == [true, false, true])
        let again = cache.insert(images[1], embeddings: embeddings)
        #expect(again.identity > second.identity)
    }
}
