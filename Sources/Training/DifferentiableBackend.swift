// What a backend needs beside the model's operations so that they can be differentiated. Knows nothing of tapes.

package import Compute
import Numerics

/// A backend that also carries out the backward half of its operations.
///
/// `dy` is the gradient of some scalar with respect to an operation's result, and what is returned are the gradients
/// with respect to its arguments. Backward operations are functions like the forward ones, and reduce in one fixed
/// order: the bits of a gradient do not depend on the number of threads. Operations that only move rows need none of
/// their own, and the rotary embedding's is the rotation by the negative angle.
package protocol DifferentiableBackend: Backend {
    /// Calls `body` once for each index below `count`, in any order, perhaps several at a time.
    func forEach(_ count: Int, _ body: @Sendable (Int) -> Void)

    /// dy [rows, outputs] times the weight: `[rows, inputs]`.
    func linearInputGradient(_ dy: Tensor, _ weight: Weight) throws(ComputeError) -> Tensor

    /// dy [rows, outputs] transposed, times x [rows, inputs]: `[outputs, inputs]`.
    func linearWeightGradient(_ dy: Tensor, x: Tensor) throws(ComputeError) -> Tensor

    /// Softmax attention of query rows over key rows, segment by segment; a causal segment's row sees itself and the
    /// rows before it. q, dy: `[rows, heads * headDim]`; k, v: `[rows, kvHeads * headDim]`; scores are scaled by
    /// headDim^-1/2, and query head h uses key-value head h / (heads / kvHeads).
    func attentionGradient(
        _ dy: Tensor, q: Tensor, k: Tensor, v: Tensor, heads: AttentionHeads, segments: [Range<Int>], causal: Bool
    ) throws(ComputeError) -> (q: Tensor, k: Tensor, v: Tensor)
}

/// How many heads attention has.
package struct AttentionHeads: Sendable, Hashable {
    package let query: Int
    package let keyValue: Int
    package let headDim: Int

    package init(query: Int, keyValue: Int, headDim: Int) {
        self.query = query
        self.keyValue = keyValue
        self.headDim = headDim
    }

    /// Query heads that share a key-value head.
    package var group: Int { query / keyValue }
}

extension DifferentiableBackend {
    /// Rows of one partial sum. Fixed, so that a sum over rows does not depend on who adds.
    static var rowsPerChunk: Int { 64 }

    /// Calls `body` for each chunk of at most `rowsPerChunk` of the rows.
    func forEachChunk(rows: Int, _ body: @Sendable (_ chunk: Int, _ rows: Range<Int>) -> Void) {
        let size = Self.rowsPerChunk
        forEach(Self.chunks(rows: rows)) { chunk in body(chunk, chunk * size..<min(rows, (chunk + 1) * size)) }
    }

    static func chunks(rows: Int) -> Int { (rows + rowsPerChunk - 1) / rowsPerChunk }

    func check(_ tensor: Tensor, is shape: Shape, _ what: String) throws(ComputeError) {
        guard tensor.shape == shape else {
            throw .shape(operation: what, weight: nil, found: tensor.shape, expected: shape.description)
        }
    }
}

/// Partial sums of the chunks of a matrix's rows, in double.
struct ChunkSums: @unchecked Sendable {
    // Sendable: each chunk writes its own row, and the sum is read after all have written.
    private let storage: TensorStorage
    private let chunks: Int
    private let columns: Int

    init(chunks: Int, columns: Int) {
        storage = TensorStorage(count: 2 * chunks * columns)
        self.chunks = chunks
        self.columns = columns
        row(0).initialize(repeating: 0, count: chunks * columns)
    }

    /// The `columns` sums of one chunk.
    func row(_ chunk: Int) -> UnsafeMutablePointer<Double> {
        UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: Double.self) + chunk * columns
    }

    /// The chunks' sums added up in order, `[columns]`.
    func total() -> Tensor {
        let result = Tensor.uninitialized([columns])
        for column in 0..<columns {
            var sum = 0.0
            for chunk in 0..<chunks { sum += row(chunk)[column] }
            result.pointer[column] = Float(sum)
        }
        return result
    }
}

extension Tensor {
    static func uninitialized(_ shape: Shape) -> Tensor {
        Tensor(shape: shape, storage: TensorStorage(count: shape.count))
    }

    static func zeros(_ shape: Shape) -> Tensor {
        let result = uninitialized(shape)
        result.pointer.initialize(repeating: 0, count: shape.count)
        return result
    }
}
