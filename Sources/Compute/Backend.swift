// The border between the model and what computes it. Knows nothing of layers, checkpoints' names or requests.

/// A device that carries out the model's operations: few and fat, so that one dynamic call costs nothing visible.
///
/// Contract of every implementation:
/// - Operations are functions: they read their inputs and return new tensors. `cachedAttention` alone has a side
///   effect, on the pages of the spans it is given.
/// - A row of a result depends only on that row's inputs, never on how many other rows are in the call or on the number
///   of threads: every output element is reduced in one fixed order.
/// - Matrices are `[rows, columns]`; weights are `[outputs, inputs]`.
package protocol Backend: Sendable {
    /// The arithmetic of `linear`.
    var precision: Precision { get }

    /// Rows of an embedding table. ids: tokens of the step, each < table.outputs. Returns [ids.count, table.inputs].
    func embed(_ ids: [Int32], table: Weight) throws(ComputeError) -> Tensor

    /// x [rows, inputs] times each weight, plus its bias: one `[rows, outputs]` for each weight, which share the input.
    func linear(_ x: Tensor, _ weights: [Weight]) throws(ComputeError) -> [Tensor]

    /// `linear` of what `input` stands for, the same bits.
    func linear(_ input: LinearInput, _ weights: [Weight]) throws(ComputeError) -> [Tensor]

    /// Of each row of `linear(x, [weight])` the `count` largest outputs, the same bits, largest first, the earlier first
    /// among equals; NaN counts as larger than any number. It may read far less than the weight.
    func largest(_ x: Tensor, _ weight: Weight, count: Int) throws(ComputeError) -> [[RankedOutput]]

    /// x * rsqrt(mean(x^2) + epsilon) * weight over the last axis. weight: [columns].
    func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float) throws(ComputeError) -> Tensor

    /// (x - mean) * rsqrt(variance + epsilon) * weight + bias over the last axis. weight, bias: [columns].
    func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) throws(ComputeError) -> Tensor

    /// Exact (erf) GELU, element by element.
    func gelu(_ x: Tensor) throws(ComputeError) -> Tensor

    /// silu(gate) * up, element by element.
    func swiGLU(gate: Tensor, up: Tensor) throws(ComputeError) -> Tensor

    /// x + y, element by element.
    func add(_ x: Tensor, _ y: Tensor) throws(ComputeError) -> Tensor

    /// Rotary embedding in half-split form. x: [rows, heads * headDim]; positions: one for each row;
    /// frequencies: headDim/2 angles per position, radians.
    func rope(_ x: Tensor, headDim: Int, positions: [Int32], frequencies: [Float]) throws(ComputeError) -> Tensor

    /// Full bidirectional attention within each of `segments` equal runs of rows. qkv: [rows, 3 * heads * headDim] holding
    /// queries, keys, values of all heads in this order; scores are scaled by headDim^-1/2.
    /// Returns [rows, heads * headDim].
    func attention(qkv: Tensor, heads: Int, segments: Int) throws(ComputeError) -> Tensor

    /// Writes keys and values [rows, kvHeads * headDim] to the spans' pages, then attends causally: row r of a span sees
    /// positions 0 ... start + r. Query head h uses key-value head h / (heads / kvHeads). q: [rows, heads * headDim].
    /// Returns [rows, heads * headDim].
    func cachedAttention(
        q: Tensor, k: Tensor, v: Tensor, heads: Int, pages: KVPages, layer: Int, spans: [SequenceSpan]
    ) throws(ComputeError) -> Tensor

    /// Cuts tiles into patch vectors after (x/255 - mean) / std. pixels: [tiles, 3, side, side] bytes; a patch vector is
    /// channel-major, then row, then column. Returns [tiles * (side/patch)^2, 3 * patch^2].
    func patchify(
        _ pixels: [UInt8], tiles: Int, side: Int, patch: Int, mean: [Float], std: [Float]
    ) throws(ComputeError) -> Tensor

    /// Adds the position table [P, width] to each tile's P patch rows and puts `prefix` [R, width] before them.
    /// Returns [tiles * (R + P), width].
    func assembleTokens(patches: Tensor, positions: Tensor, prefix: Tensor) throws(ComputeError) -> Tensor

    /// Drops each tile's first `prefix` rows and folds 2x2 cells of the remaining side x side grid (pixel shuffle v2, or
    /// v1 with its transposed token order). x: [tiles * (prefix + side^2), width].
    /// Returns [tiles * (side/2)^2, 4 * width], a token being top-left, top-right, bottom-left, bottom-right.
    func pixelShuffle(_ x: Tensor, prefix: Int, side: Int, transposed: Bool) throws(ComputeError) -> Tensor

    /// x with row `rows[i]` replaced by row i of `replacement`.
    func replacingRows(_ x: Tensor, at rows: [Int], with replacement: Tensor) throws(ComputeError) -> Tensor

    /// The given rows of x, in order.
    func rows(_ x: Tensor, _ rows: [Int]) throws(ComputeError) -> Tensor

    /// Runs `body`, a layer: a function of x that gives the same bits whenever it runs. A backend that keeps what it
    /// computes may keep x alone and run the body again, hence the escaping closure; others run it once.
    func layer(_ x: Tensor, _ body: @escaping LayerBody) throws(ComputeError) -> Tensor
}

/// What a layer does with its input on a backend.
package typealias LayerBody = @Sendable (_ x: Tensor, _ backend: any Backend) throws(ComputeError) -> Tensor

extension Backend {
    package func layer(_ x: Tensor, _ body: @escaping LayerBody) throws(ComputeError) -> Tensor { try body(x, self) }
}
