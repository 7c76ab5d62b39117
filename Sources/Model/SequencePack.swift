// Whole sequences side by side in one step, without padding. Knows nothing of what their tokens mean.

package import Compute

/// Rows, spans and pages of sequences that run through the decoder together, each from its first position. A row's
/// result does not depend on which sequences stand beside it.
package struct SequencePack: Sendable {
    package private(set) var ids: [Int32] = []
    package private(set) var spans: [SequenceSpan] = []
    /// Key-value pages the sequences take, numbered from 0.
    package private(set) var pages = 0

    package init() {}

    /// Adds a sequence after the others; returns the rows of its tokens.
    package mutating func append(_ tokens: [Int32]) -> Range<Int> {
        let rows = ids.count..<ids.count + tokens.count
        let count = (tokens.count + KVPages.pageTokens - 1) / KVPages.pageTokens
        spans.append(SequenceSpan(rows: rows, start: 0, pages: (pages..<pages + count).map { Int32($0) }))
        pages += count
        ids += tokens
        return rows
    }
}
