// Up to 64 queries that attend to the keys and values of one head together. Knows nothing of where those lie.

import CKernels
import Numerics

/// The queries one member works on at a time, and where their results go.
///
/// Attention over many positions is reduced in chunks of 512 positions, counted from position 0, each chunk on its own;
/// the chunks' records are then merged in order. A query's bits are the same whether one member computes its chunks one
/// after the other or several members share them.
struct AttentionTile {
    static let capacity = MONOCLE_MAX_QUERIES
    static let chunkTokens = 512

    private let headDim: Int
    private let kernels: CPUKernels
    private var queries: [UnsafePointer<Float>] = []
    private var limits: [Int32] = []
    private var results: [UnsafeMutablePointer<Float>] = []

    init(headDim: Int, kernels: CPUKernels) {
        self.headDim = headDim
        self.kernels = kernels
        queries.reserveCapacity(Self.capacity)
        limits.reserveCapacity(Self.capacity)
        results.reserveCapacity(Self.capacity)
    }

    /// Adds a query [headDim] that sees positions below `limit`.
    mutating func append(query: UnsafePointer<Float>, limit: Int, result: UnsafeMutablePointer<Float>) {
        precondition(queries.count < Self.capacity, "a tile holds \(Self.capacity) queries")
        queries.append(query)
        limits.append(Int32(limit))
        results.append(result)
    }

    /// Floats of the records of `queries` queries: for each the weighted values, the maximum score, the weights' sum.
    static func recordCount(queries: Int = capacity, headDim: Int) -> Int { queries * (headDim + 2) }

    /// Attends to positions of one chunk, or of a whole cache that is no longer.
    func attend(_ cache: inout monocle_cache, positions: Range<Int>, records: UnsafeMutablePointer<Float>) {
        kernels.table.attend(
            &cache, positions.lowerBound, positions.upperBound, headDim, 1 / Float(headDim).squareRoot(),
            queries, limits, queries.count, records)
    }

    /// Adds the records of the next chunk.
    func merge(_ next: UnsafePointer<Float>, into records: UnsafeMutablePointer<Float>) {
        for query in queries.indices {
            let offset = query * (headDim + 2)
            kernels.table.merge(records + offset, next + offset, headDim)
        }
    }

    /// Writes the results from the records of all positions.
    func finish(_ records: UnsafePointer<Float>) {
        for query in queries.indices {
            kernels.table.finish(results[query], records + query * (headDim + 2), headDim)
        }
    }
}
