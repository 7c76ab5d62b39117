// How sequences take, share and give back pages. Knows nothing of steps.

extension Scheduler {
    /// Pages that hold `count` positions.
    func pages(for count: Int) -> Int { (count + limits.pageTokens - 1) / limits.pageTokens }

    /// Adds a page to a sequence; false when none is free.
    mutating func addPage(_ number: Int) -> Bool {
        guard let page = pool.allocate() else { return false }
        prefixes.forget(page)
        sequences[number]?.pages.append(page)
        return true
    }

    /// Gives a sequence's pages back, the last first, so that the beginning of a text outlives its end in the cache.
    mutating func releasePages(_ number: Int) {
        guard let pages = sequences[number]?.pages else { return }
        for page in pages.reversed() { pool.release(page, isCached: prefixes.contains(page)) }
        sequences[number]?.pages = []
        sequences[number]?.written = 0
        sequences[number]?.cachedPages = 0
        sequences[number]?.cachedIdentity = 0
    }

    /// Goes on with cached pages where a sequence has written nothing yet, as far as they reach; its own empty pages
    /// there are given back. The last content is never taken from the cache: its row has the logits of the answer.
    /// - Returns: positions that need not be computed.
    mutating func reuse(_ number: Int) -> Int {
        guard limits.usesPrefixCache, var sequence = sequences.removeValue(forKey: number) else { return 0 }
        defer { sequences[number] = sequence }
        var index = sequence.cachedPages
        guard sequence.written == index * limits.pageTokens else { return 0 }
        while (index + 1) * limits.pageTokens < sequence.count,
            let entry = prefixes.find(
                sequence.block(index, after: sequence.cachedIdentity, pageTokens: limits.pageTokens))
        {
            pool.retain(entry.page)
            if index < sequence.pages.count {
                pool.release(sequence.pages[index], isCached: false)
                sequence.pages[index] = entry.page
            } else {
                sequence.pages.append(entry.page)
            }
            sequence.cachedIdentity = entry.identity
            index += 1
        }
        let found = (index - sequence.cachedPages) * limits.pageTokens
        sequence.cachedPages = index
        sequence.written += found
        return found
    }

    /// Makes a sequence's full written pages known to the prefix cache. Where another sequence was first, its page takes
    /// the place of this one's, which holds the same bits.
    mutating func remember(_ number: Int) {
        guard limits.usesPrefixCache, var sequence = sequences.removeValue(forKey: number) else { return }
        defer { sequences[number] = sequence }
        while (sequence.cachedPages + 1) * limits.pageTokens <= sequence.written {
            let index = sequence.cachedPages
            let block = sequence.block(index, after: sequence.cachedIdentity, pageTokens: limits.pageTokens)
            let entry: PrefixCache.Entry
            if let found = prefixes.find(block) {
                entry = found
                pool.retain(found.page)
                pool.release(sequence.pages[index], isCached: false)
                sequence.pages[index] = found.page
            } else {
                entry = prefixes.insert(block, page: sequence.pages[index])
            }
            sequence.cachedIdentity = entry.identity
            sequence.cachedPages += 1
        }
    }
}
