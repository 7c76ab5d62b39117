// Storage of keys and values in pages. Knows nothing of sequences: who owns a page is decided above.

import Foundation
package import Numerics

/// Keys and values of all layers, in pages of 16 token positions.
///
/// Layout of one page of one layer: keys `[kvHeads, 16, headDim]`, then values `[kvHeads, 16, headDim]`.
/// The memory is mapped lazily: a page costs nothing until a token is written to it.
package final class KVPages: @unchecked Sendable {
    // Sendable: only the backend operation that is given a page writes it, and the engine's one thread runs operations.
    package static let pageTokens = 16

    package let layers: Int
    package let kvHeads: Int
    package let headDim: Int
    package let pages: Int
    /// f32, bf16 or f8e4m3.
    package let dtype: DType
    /// Per layer multipliers of stored e4m3 keys and values; 1 when the checkpoint has none.
    package let keyScales: [Float]
    package let valueScales: [Float]
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int

    package init(
        layers: Int, kvHeads: Int, headDim: Int, pages: Int, dtype: DType,
        keyScales: [Float]? = nil, valueScales: [Float]? = nil
    ) throws(ComputeError) {
        self.layers = layers
        self.kvHeads = kvHeads
        self.headDim = headDim
        self.pages = pages
        self.dtype = dtype
        self.keyScales = keyScales ?? Array(repeating: 1, count: layers)
        self.valueScales = valueScales ?? Array(repeating: 1, count: layers)
        let shape: Shape = [layers, pages, 2, kvHeads, Self.pageTokens, headDim, dtype.size]
        guard let bytes = shape.checkedCount, bytes > 0,
            let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            memory != MAP_FAILED
        else { throw .outOfMemory(what: "key-value cache of \(pages) pages", bytes: shape.checkedCount ?? .max) }
        base = memory
        byteCount = bytes
    }

    deinit { munmap(base, byteCount) }

    /// Bytes of keys (or values) of one page of one layer.
    package var halfPageBytes: Int { kvHeads * Self.pageTokens * headDim * dtype.size }

    /// Start of the keys `[kvHeads, 16, headDim]` of a page.
    package func keys(layer: Int, page: Int) -> UnsafeMutableRawPointer {
        base + (layer * pages + page) * 2 * halfPageBytes
    }

    /// Start of the values `[kvHeads, 16, headDim]` of a page.
    package func values(layer: Int, page: Int) -> UnsafeMutableRawPointer {
        keys(layer: layer, page: page) + halfPageBytes
    }
}

/// The rows of a step that belong to one sequence: consecutive tokens at consecutive positions.
package struct SequenceSpan: Sendable {
    /// Rows of the step's matrices.
    package let rows: Range<Int>
    /// Position of the first row in its sequence; positions before it are already in the cache.
    package let start: Int
    /// The sequence's pages in order; page i holds positions 16i ..< 16(i+1) and covers `start + rows.count`.
    package let pages: [Int32]

    package init(rows: Range<Int>, start: Int, pages: [Int32]) {
        self.rows = rows
        self.start = start
        self.pages = pages
    }
}
