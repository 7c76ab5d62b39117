import Engine
import Testing

struct CacheTests {
    private func block(
        _ ids: [Int32], digest: Digest? = nil, salt: String? = "", parent: Int = 0
    ) -> PrefixCache.Block {
        let own = Digest(of: [ids.map { UInt8(truncatingIfNeeded: $0) }])
        return PrefixCache.Block(
            digest: digest ?? own, salt: salt, parent: parent, contents: ids.map { .token($0) })
    }

    @Test func pagesAreCountedAndReused() {
        var pool = BlockPool(pages: 2)
        let taken = (0..<3).map { _ in pool.allocate() }
        #expect(taken == [0, 1, nil])
        pool.retain(1)
        pool.release(1, isCached: false)
        #expect(pool.freeCount == 0)
        pool.release(1, isCached: false)
        #expect(pool.freeCount == 1)
        let again = pool.allocate()
        #expect(again == 1)
    }

    @Test func pagesWithoutUseGoFirstThenTheLeastRecentlyCached() {
        var pool = BlockPool(pages: 5)
        for _ in 0..<4 { _ = pool.allocate() }
        pool.release(2, isCached: true)
        pool.release(0, isCached: true)
        pool.release(1, isCached: false)
        #expect(pool.freePages == [1, 4, 2, 0])
        pool.retain(2)  // found again by its content
        pool.release(2, isCached: true)
        #expect(pool.freePages == [1, 4, 0, 2] && pool.freeCount == 4)
        let order = (0..<5).map { _ in pool.allocate() }
        #expect(order == [1, 4, 0, 2, nil])
    }

    @Test func aBlockIsFoundOnlyInItsPlace() {
        var cache = PrefixCache()
        let first = cache.insert(block([1, 2]), page: 5)
        let second = cache.insert(block([3, 4], salt: nil, parent: first.identity), page: 6)
        #expect(cache.find(block([1, 2]))?.page == 5)
        #expect(cache.find(block([3, 4], salt: nil, parent: first.identity))?.page == 6)
        #expect(cache.find(block([3, 4], salt: nil, parent: second.identity)) == nil)
        #expect(cache.find(block([1, 2], salt: "other")) == nil)
        cache.forget(5)
        let again = cache.insert(block([1, 2]), page: 7)
        // A page whose parent was forgotten is not found under the parent's successor.
        #expect(again.identity != first.identity && cache.count == 2)
        #expect(cache.find(block([3, 4], salt: nil, parent: again.identity)) == nil)
    }

    @Test func equalDigestsOfDifferentTextsDoNotMeet() {
        var cache = PrefixCache()
        let digest = Digest(of: [[1]])
        _ = cache.insert(block([1, 2], digest: digest), page: 0)
        #expect(cache.find(block([1, 2], digest: digest))?.page == 0)
        #expect(cache.find(block([1, 3], digest: digest)) == nil)
        _ = cache.insert(block([1, 3], digest: digest), page: 1)
        #expect(cache.find(block([1, 2], digest: digest)) == nil)
        #expect(cache.find(block([1, 3], digest: digest))?.page == 1 && cache.count == 1)
    }

    @Test func digestsTellPartsApart() {
        let digests = [Digest(of: [[1, 2], [3]]), Digest(of: [[1], [2, 3]]), Digest(of: [[1, 2, 3]])]
        #expect(Set(digests).count == 3)
        // SHA-256 of eight zero bytes: the length of one empty part.
        #expect(
            Digest(of: [[]]).description == "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc")
        let tiles = [ImageTiles(tiles: 1, pixels: [1, 2]), ImageTiles(tiles: 2, pixels: [1, 2])]
        #expect(tiles[0].digest != tiles[1].digest)
    }

    @Test func imagesAreKeptWithinTheLimitAndWhileUsed() {
        var cache = ImageCache(limit: 100)
        let images = (0..<4).map { Digest(of: [[UInt8($0)]]) }
        for image in images[..<2] {
            cache.retain(image, tiles: 1, bytes: 46)
            cache.didEmbedTile(of: image)
            cache.release(image)
        }
        #expect(cache.trim().isEmpty && cache.bytes == 92)
        cache.retain(images[0], tiles: 1, bytes: 46)
        cache.release(images[0])
        cache.retain(images[2], tiles: 1, bytes: 46)
        cache.didEmbedTile(of: images[2])
        #expect(!cache.hasRoom(for: [(images[3], 60)]) && cache.hasRoom(for: [(images[3], 54)]))
        #expect(cache.trim() == [images[1]])  // the least recently used
        cache.retain(images[3], tiles: 2, bytes: 90)
        cache.didEmbedTile(of: images[3])
        #expect(cache.trim() == [images[0]] && cache.bytes == 136)  // what is used stays, whatever the limit
        cache.release(images[3])
        #expect(cache.trim() == [images[3]] && cache.bytes == 46)  // half an image is not kept
    }

    @Test func guessesComeFromTheLatestRepetition() {
        func draft(_ ids: [Int32], _ count: Int) -> [Int32] {
            PromptLookup.draft(after: ids.map { .token($0) }, count: count)
        }
        #expect(draft([1, 2, 3, 9, 1, 2, 4, 8, 1, 2], 3) == [4, 8, 1])
        #expect(draft([7, 1, 2, 3, 5, 9, 1, 2, 6, 7, 1, 2], 2) == [3, 5])  // a longer ending beats a later one
        #expect(draft([5, 1, 2, 1, 2], 3) == [1, 2, 1])
        #expect(draft([1, 2, 3], 4).isEmpty && draft([1, 1, 1], 3) == [1, 1, 1] && draft([1, 2, 1, 2], 0).isEmpty)
        let image = Content.image(Digest(of: []), row: 0)
        #expect(
            PromptLookup.draft(
                after: [.token(1), .token(2), .token(3), image, .token(1), .token(2)], count: 5) == [3])
    }
}
