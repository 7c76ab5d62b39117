// What a backend needs beside the model's operations so that they can be differentiated. Knows nothing of tapes.

package import Compute
package import Numerics

/// A backend that also carries out the backward half of its operations, losses and updates.
///
/// `dy` is the gradient of some scalar with respect to an operation's result, and what is returned are the gradients
/// with respect to its arguments. Backward operations are functions like the forward ones, and reduce in one fixed
/// order. Tensors stay where the backend keeps them: nothing here asks for elements on the host but the sums that are
/// returned as numbers.
package protocol DifferentiableBackend: Backend {
    /// A tensor of zeros.
    func zeros(_ shape: Shape) throws(ComputeError) -> Tensor

    // MARK: Backward

    /// dy [rows, outputs] times the weight: `[rows, inputs]`.
    func linearInputGradient(_ dy: Tensor, _ weight: Weight) throws(ComputeError) -> Tensor

    /// dy [rows, outputs] transposed, times x [rows, inputs]: `[outputs, inputs]`.
    func linearWeightGradient(_ dy: Tensor, x: Tensor) throws(ComputeError) -> Tensor

    /// Sum over rows, `[columns]`: the gradient of a bias.
    func columnSums(_ dy: Tensor) throws(ComputeError) -> Tensor

    /// Softmax attention of query rows over key rows, segment by segment; a causal segment's row sees itself and the
    /// rows before it. q, dy: `[rows, heads * headDim]`; k, v: `[rows, kvHeads * headDim]`; scores are scaled by
    /// headDim^-1/2, and query head h uses key-value head h / (heads / kvHeads).
    func attentionGradient(
        _ dy: Tensor, q: Tensor, k: Tensor, v: Tensor, heads: AttentionHeads, segments: [Range<Int>], causal: Bool
    ) throws(ComputeError) -> (q: Tensor, k: Tensor, v: Tensor)

    /// The same for `Backend.attention`: qkv and the result are `[rows, 3 * heads * headDim]`.
    func packedAttentionGradient(
        _ dy: Tensor, qkv: Tensor, heads: Int, segments: Int
    ) throws(ComputeError) -> Tensor

    func rmsNormGradient(
        _ dy: Tensor, x: Tensor, weight: Tensor, epsilon: Float
    ) throws(ComputeError) -> (x: Tensor, weight: Tensor)

    func layerNormGradient(
        _ dy: Tensor, x: Tensor, weight: Tensor, epsilon: Float
    ) throws(ComputeError) -> (x: Tensor, weight: Tensor, bias: Tensor)

    func geluGradient(_ dy: Tensor, x: Tensor) throws(ComputeError) -> Tensor

    func swiGLUGradient(_ dy: Tensor, gate: Tensor, up: Tensor) throws(ComputeError) -> (gate: Tensor, up: Tensor)

    /// The transpose of picking rows: row i of dy is added to row `rows[i]` of `[count, columns]` zeros, in order of i.
    func scatteredRows(_ dy: Tensor, to rows: [Int], count: Int) throws(ComputeError) -> Tensor

    /// Of `Backend.assembleTokens`. patches: `[tiles * positionRows, width]`; positions and prefix are sums over tiles.
    func assembleTokensGradient(
        _ dy: Tensor, prefixRows: Int, positionRows: Int
    ) throws(ComputeError) -> (patches: Tensor, positions: Tensor, prefix: Tensor)

    /// Of `Backend.pixelShuffle` of a tensor of `rows` rows.
    func pixelShuffleGradient(
        _ dy: Tensor, rows: Int, prefix: Int, side: Int, transposed: Bool
    ) throws(ComputeError) -> Tensor

    // MARK: Losses

    /// Softmax cross-entropy of rows of logits with one target each, nil for a row that does not count.
    /// - Returns: the sum over the counted rows in nats, and `scale` times its gradient, zero in other rows.
    func crossEntropy(
        _ logits: Tensor, targets: [Int32?], scale: Double
    ) throws(ComputeError) -> (sum: Double, gradient: Tensor)

    /// Forward Kullback-Leibler divergence D(teacher || student) of rows of logits at temperature 1.
    /// - Returns: the sum over the counted rows in nats, and `scale` times its gradient, zero in other rows.
    func forwardKL(
        _ student: Tensor, teacher: Tensor, counted: [Bool], scale: Double
    ) throws(ComputeError) -> (sum: Double, gradient: Tensor)

    /// (student - teacher)^2, the mean of each row.
    /// - Returns: the sum over the counted rows, and `scale` times its gradient, zero in other rows.
    func meanSquare(
        _ student: Tensor, teacher: Tensor, counted: [Bool], scale: Double
    ) throws(ComputeError) -> (sum: Double, gradient: Tensor)

    // MARK: Updates

    /// The sum of squares of each tensor, in double.
    func squareSums(_ tensors: [Tensor]) throws(ComputeError) -> [Double]

    /// One update of one parameter.
    func adamW(
        _ parameter: AdamW.Moments, gradient: Tensor, _ update: AdamW.Update
    ) throws(ComputeError) -> AdamW.Moments

    // MARK: Rounding

    /// The NVFP4 weight that the exporter would make of `weight` under a frozen tensor scale; its values, not
    /// necessarily its packing.
    func nvfp4Form(
        of weight: Weight, globalScale: Float, arithmetic: NVFP4WeightScales
    ) throws(ComputeError) -> Weight

    /// x rounded to NVFP4 under `input_scale` and back, block by block of 16 columns.
    func roundedToNVFP4(_ x: Tensor, inputScale: Float) throws(ComputeError) -> Tensor
}

/// A differentiable backend whose tensors are on the host: what is left to it are products, attention and threads; the
/// bits of a gradient do not depend on the number of threads.
package protocol HostBackend: DifferentiableBackend {
    /// Calls `body` once for each index below `count`, in any order, perhaps several at a time.
    func forEach(_ count: Int, _ body: @Sendable (Int) -> Void)
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

extension HostBackend {
    /// Rows of one partial sum. Fixed, so that a sum over rows does not depend on who adds.
    static var rowsPerChunk: Int { 64 }

    /// Calls `body` for each chunk of at most `rowsPerChunk` of the rows.
    func forEachChunk(rows: Int, _ body: @Sendable (_ chunk: Int, _ rows: Range<Int>) -> Void) {
        let size = Self.rowsPerChunk
        forEach(Self.chunks(rows: rows)) { chunk in body(chunk, chunk * size..<min(rows, (chunk + 1) * size)) }
    }

    static func chunks(rows: Int) -> Int { (rows + rowsPerChunk - 1) / rowsPerChunk }

    package func zeros(_ shape: Shape) -> Tensor { .zeros(shape) }
}

extension DifferentiableBackend {
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
        let (sums, target) = (row(0), result.pointer)
        for column in 0..<columns {
            var sum = 0.0
            for chunk in 0..<chunks { sum += sums[chunk * columns + column] }
            target[column] = Float(sum)
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
