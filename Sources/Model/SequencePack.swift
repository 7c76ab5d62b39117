// Whole sequences side by side in one step, without padding. Knows nothing of what their tokens mean.

package import Compute
package import Numerics

/// Rows, spans and pages of sequences that run through the decoder together, each from its first position. A row's
/// result does not depend on which sequences stand beside it.
package struct SequencePack: Sendable {
    package private(set) var ids: [Int32] = []
    package private(set) var spans: [SequenceSpan] = []
    /// Key-value pages the sequences take, numbered from 0.
    package private(set) var pages = 0
    /// Rows that the embeddings of images replace.
    package private(set) var imageRows: [Int] = []
    /// Rows whose logits are wanted.
    package private(set) var wantedRows: [Int] = []

    package init() {}

    /// Adds a sequence after the others; returns the rows of its tokens.
    /// - Parameters:
    ///   - imageRows: counted from the sequence's first token, as `wantedRows` are.
    @discardableResult
    package mutating func append(
        _ tokens: [Int32], imageRows: [Int] = [], wantedRows: some Sequence<Int> = []
    ) -> Range<Int> {
        let rows = ids.count..<ids.count + tokens.count
        let count = (tokens.count + KVPages.pageTokens - 1) / KVPages.pageTokens
        spans.append(SequenceSpan(rows: rows, start: 0, pages: (pages..<pages + count).map { Int32($0) }))
        pages += count
        ids += tokens
        self.imageRows += imageRows.map { rows.lowerBound + $0 }
        self.wantedRows += wantedRows.map { rows.lowerBound + $0 }
        return rows
    }

    /// Runs the model over all sequences.
    /// - Parameters:
    ///   - images: embeddings of all images, one row for each of `imageRows`; nil when there are none.
    ///   - dtype: what keys and values are kept in.
    /// - Returns: logits of the wanted rows, `[wantedRows.count, vocabulary]`.
    package func logits(
        of network: NemotronNanoVL, images: Tensor?, keysAndValuesIn dtype: DType, on backend: any Backend
    ) throws(ComputeError) -> Tensor {
        let x = try network.embed(ids, images: images.map { [(imageRows, $0)] } ?? [], on: backend)
        let cache = try network.makePages(max(pages, 1), dtype: dtype)
        let hidden = try network.language.hidden(x, Step(spans: spans), pages: cache, on: backend)
        return try network.language.logits(try backend.rows(hidden, wantedRows), on: backend)
    }
}
