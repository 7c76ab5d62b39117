// What a benchmark is: numbered questions about images, and what decides them. Knows no model, no scores and no files.

/// Numbered items. One file under a folder `Benchmarks/` for each.
package protocol Benchmark: Sendable {
    /// All that decides what item number n is and how its reply is scored; two results with equal settings are about the
    /// same items.
    var settings: ItemSettings { get }

    /// Items there are; nil when there is no end to them.
    var count: Int? { get }

    /// - Throws: `ItemFault` for an item that cannot be asked, which is no reason to end a run.
    func item(at index: Int) throws -> BenchmarkItem

    /// The places of the items of these ids among the first `count`; ids that none has are left out.
    func indices(ofItems ids: Set<String>, among count: Int) throws -> [String: Int]
}
