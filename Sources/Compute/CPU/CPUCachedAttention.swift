// Causal attention over the paged cache. Knows nothing of who owns a page.

import CKernels
import Numerics

extension CPUBackend {
    package func cachedAttention(
        q: Tensor, k: Tensor, v: Tensor, heads: Int, pages: KVPages, layer: Int, spans: [SequenceSpan]
    ) throws(ComputeError) -> Tensor {
        let layerPages = try LayerPages(pages, layer: layer, heads: heads)
        try checkMatrix(q, operation: "cachedAttention queries")
        let headDim = pages.headDim
        try checkHead(headDim, operation: "cachedAttention")
        try check(q, is: [q.rows, heads * headDim], operation: "cachedAttention queries")
        try check(k, is: [q.rows, pages.kvHeads * headDim], operation: "cachedAttention keys")
        try check(v, is: [q.rows, pages.kvHeads * headDim], operation: "cachedAttention values")
        for span in spans { try layerPages.check(span, rows: q.rows) }

        for span in spans {
            forEachRow(span.rows.count, columns: k.columns) { row in
                layerPages.store(k, v, row: span.rows.lowerBound + row, position: span.start + row, of: span, kernels)
            }
        }
        let result = tensor(q.shape)
        if spans.reduce(0, { $0 + $1.rows.count }) < q.rows {
            result.pointer.update(repeating: 0, count: result.shape.count)
        }
        let work = CachedAttention(
            q: q, result: result, spans: spans, heads: heads, pages: layerPages, kernels: kernels)
        if work.isWorthSharing(members: team.count) {
            shareChunks(of: work)
        } else {
            team.forEach(work.tiles.count) { indices in
                let records = tensor([2, AttentionTile.recordCount(headDim: headDim)])
                let next = records.pointer + AttentionTile.recordCount(headDim: headDim)
                // The last tiles see most positions: they start first.
                for index in indices.lazy.map({ work.tiles.count - 1 - $0 }) {
                    let tile = work.tile(index)
                    for chunk in 0..<work.tiles[index].chunks {
                        work.attend(index, tile, chunk: chunk, records: chunk == 0 ? records.pointer : next)
                        if chunk > 0 { tile.merge(next, into: records.pointer) }
                    }
                    tile.finish(records.pointer)
                }
            }
        }
        return result
    }

    /// Few tiles with much context, as when one sequence decodes: members take chunks, then merge them.
    private func shareChunks(of work: CachedAttention) {
        let size = AttentionTile.recordCount(
            queries: work.tiles.map(\.queries.count).max() ?? 0, headDim: work.pages.pages.headDim)
        let pieces = work.tiles.indices.flatMap { tile in
            (0..<work.tiles[tile].chunks).map { (tile: tile, chunk: $0) }
        }
        let records = tensor([pieces.count, size])
        team.forEach(pieces.count) { indices in
            for index in indices {
                let piece = pieces[index]
                work.attend(
                    piece.tile, work.tile(piece.tile), chunk: piece.chunk, records: records.pointer + index * size)
            }
        }
        var first = 0
        for index in work.tiles.indices {
            let tile = work.tile(index)
            for chunk in 1..<max(work.tiles[index].chunks, 1) {
                tile.merge(records.pointer + (first + chunk) * size, into: records.pointer + first * size)
            }
            tile.finish(records.pointer + first * size)
            first += work.tiles[index].chunks
        }
    }
}

/// The tiles of one call.
private struct CachedAttention: Sendable {
    /// Queries of one span that share a key-value head, numbered row by row and within a row by query head.
    struct Tile: Sendable {
        let span: Int
        let kvHead: Int
        let queries: Range<Int>
        /// Positions the last query sees.
        let positions: Int

        var chunks: Int { (positions + AttentionTile.chunkTokens - 1) / AttentionTile.chunkTokens }
    }

    let q: Tensor
    let result: Tensor
    let spans: [SequenceSpan]
    let heads: Int
    let pages: LayerPages
    let kernels: CPUKernels
    let tiles: [Tile]

    init(q: Tensor, result: Tensor, spans: [SequenceSpan], heads: Int, pages: LayerPages, kernels: CPUKernels) {
        self.q = q
        self.result = result
        self.spans = spans
        self.heads = heads
        self.pages = pages
        self.kernels = kernels
        let kvHeads = pages.pages.kvHeads
        let group = heads / kvHeads
        var tiles: [Tile] = []
        for (index, span) in spans.enumerated() {
            let queries = span.rows.count * group
            for first in stride(from: 0, to: queries, by: AttentionTile.capacity) {
                let range = first..<min(first + AttentionTile.capacity, queries)
                for kvHead in 0..<kvHeads {
                    tiles.append(
                        Tile(
                            span: index, kvHead: kvHead, queries: range,
                            positions: span.start + (range.upperBound - 1) / group + 1))
                }
            }
        }
        self.tiles = tiles
    }

    /// Whether the members need smaller pieces than tiles to have equal shares, and these are few enough to store.
    func isWorthSharing(members: Int) -> Bool {
        let chunks = tiles.reduce(0) { $0 + $1.chunks }
        return members > 1 && tiles.count < 16 * members && chunks > tiles.count && chunks <= 1024
    }

    func tile(_ index: Int) -> AttentionTile {
        let tile = tiles[index]
        let span = spans[tile.span]
        let (headDim, group) = (pages.pages.headDim, heads / pages.pages.kvHeads)
        var result = AttentionTile(headDim: headDim, kernels: kernels)
        for query in tile.queries {
            let (row, head) = (query / group, tile.kvHead * group + query % group)
            let offset = ((span.rows.lowerBound + row) * heads + head) * headDim
            result.append(query: q.pointer + offset, limit: span.start + row + 1, result: self.result.pointer + offset)
        }
        return result
    }

    func attend(_ index: Int, _ tile: AttentionTile, chunk: Int, records: UnsafeMutablePointer<Float>) {
        let first = chunk * AttentionTile.chunkTokens
        let positions = first..<min(first + AttentionTile.chunkTokens, tiles[index].positions)
        spans[tiles[index].span].pages.withUnsafeBufferPointer { table in
            var cache = pages.cache(kvHead: tiles[index].kvHead, pages: table.baseAddress)
            tile.attend(&cache, positions: positions, records: records)
        }
    }
}

/// One layer of the cache as the kernels see it.
private struct LayerPages: Sendable {
    let pages: KVPages
    let layer: Int
    let format: Int32

    init(_ pages: KVPages, layer: Int, heads: Int) throws(ComputeError) {
        guard pages.kvHeads > 0, heads <= Int(Int32.max), heads % pages.kvHeads == 0,
            (0..<pages.layers).contains(layer), [.f32, .bf16, .f8e4m3].contains(pages.dtype),
            let format = pages.dtype.kernelFormat
        else {
            throw .unsupported(
                operation: "cachedAttention",
                reason: "\(heads) heads on \(pages.kvHeads) key-value heads of \(pages.dtype.rawValue), "
                    + "layer \(layer) of \(pages.layers)")
        }
        self.pages = pages
        self.layer = layer
        self.format = format
    }

    /// Refuses a span whose rows or pages do not exist.
    func check(_ span: SequenceSpan, rows: Int) throws(ComputeError) {
        let (end, overflow) = span.start.addingReportingOverflow(span.rows.count)
        guard !overflow, span.start >= 0, end <= Int(Int32.max), end <= span.pages.count * KVPages.pageTokens,
            span.rows.lowerBound >= 0, span.rows.upperBound <= rows
        else {
            throw .shape(
                operation: "cachedAttention span", weight: nil, found: [span.rows.upperBound, span.start, end],
                expected: "rows below \(rows), positions below \(span.pages.count * KVPages.pageTokens)")
        }
        for page in span.pages where page < 0 || Int(page) >= pages.pages {
            throw .shape(
                operation: "cachedAttention span", weight: nil, found: [Int(page)],
                expected: "pages below \(pages.pages)")
        }
    }

    /// Rounds one row's keys and values to the cache.
    func store(_ k: Tensor, _ v: Tensor, row: Int, position: Int, of span: SequenceSpan, _ kernels: CPUKernels) {
        let page = Int(span.pages[position / KVPages.pageTokens])
        let (keys, values) = (pages.keys(layer: layer, page: page), pages.values(layer: layer, page: page))
        let headBytes = pages.headDim * pages.dtype.size
        for head in 0..<pages.kvHeads {
            let source = (row * pages.kvHeads + head) * pages.headDim
            let target = (head * KVPages.pageTokens + position % KVPages.pageTokens) * headBytes
            kernels.table.narrow(keys + target, k.pointer + source, format, pages.headDim, pages.keyScales[layer])
            kernels.table.narrow(values + target, v.pointer + source, format, pages.headDim, pages.valueScales[layer])
        }
    }

    func cache(kvHead: Int, pages table: UnsafePointer<Int32>?) -> monocle_cache {
        let rowBytes = pages.headDim * pages.dtype.size
        let head = kvHead * KVPages.pageTokens * rowBytes
        return monocle_cache(
            keys: pages.keys(layer: layer, page: 0) + head, values: pages.values(layer: layer, page: 0) + head,
            pages: table, page_stride: 2 * pages.halfPageBytes, row_stride: rowBytes, format: format,
            key_scale: pages.keyScales[layer], value_scale: pages.valueScales[layer])
    }
}
