// Attention, forward and backward.

package import Compute
import Numerics
package import Training

/// What the backward attention needs of the forward one beside its arguments.
struct AttentionSums: Sendable {
    /// Nil where they lie in the queries' memory, which holds this.
    let keys: DeviceMemoryBlock?
    let values: DeviceMemoryBlock?
    let heads: AttentionHeads
    let segments: AttentionSegments
    /// The result, `[rows, heads * headDim]`.
    let out: DeviceMemoryBlock
    /// log2 of the sum over keys, `[rows, heads]`.
    let sums: DeviceMemoryBlock

    func fits(_ call: AttentionCall) -> Bool {
        (keys ?? call.q) === call.k && (values ?? call.q) === call.v && heads == call.heads && segments == call.segments
    }
}

/// Which rows attend to which.
enum AttentionSegments: Sendable, Equatable {
    /// Equal runs of rows, each row seeing its whole run.
    case equal(count: Int, tokens: Int)
    case listed([Range<Int>], causal: Bool)

    var isCausal: Bool { if case .listed(_, let causal) = self { causal } else { false } }
}

/// Arguments of attention on the device: queries, keys and values of the same rows, perhaps side by side in one matrix.
struct AttentionCall {
    let q: DeviceMemoryBlock
    let k: DeviceMemoryBlock
    let v: DeviceMemoryBlock
    /// Bytes from a block's start to its first element.
    var keyOffset = 0
    var valueOffset = 0
    /// Elements from a row to the next.
    let queryStride: Int
    let keyStride: Int
    let rows: Int
    let heads: AttentionHeads
    let segments: AttentionSegments

    var scale: Float { Float(1 / Double(heads.headDim).squareRoot()) }
}

extension CUDABackend {
    package func attention(qkv: Tensor, heads: Int, segments: Int) throws(ComputeError) -> Tensor {
        let shape = try packedHeads(qkv, heads: heads, segments: segments)
        return try computing { () throws(CUDAError) in
            let call = try packedCall(qkv, shape, segments: segments)
            let sums = try forward(call)
            call.q.attention.withLock { $0 = sums }
            return tensor([qkv.rows, qkv.columns / 3], sums.out)
        }
    }

    package func packedAttentionGradient(
        _ dy: Tensor, qkv: Tensor, heads: Int, segments: Int
    ) throws(ComputeError) -> Tensor {
        let shape = try packedHeads(qkv, heads: heads, segments: segments)
        let width = qkv.columns / 3
        try check(dy, is: [qkv.rows, width], "attention gradient")
        return try computing { () throws(CUDAError) in
            let call = try packedCall(qkv, shape, segments: segments)
            let (result, target) = try make(qkv.shape)
            try backward(
                call, try memory(dy), dq: .memory(target), dk: .place(target, width * 4), dv: .place(target, width * 8),
                queryStride: 3 * width, keyStride: 3 * width)
            return result
        }
    }

    /// Whole sequences only: nothing is read from the pages, and nothing is written to them.
    package func cachedAttention(
        q: Tensor, k: Tensor, v: Tensor, heads: Int, pages: KVPages, layer: Int, spans: [SequenceSpan]
    ) throws(ComputeError) -> Tensor {
        guard spans.allSatisfy({ $0.start == 0 }) else {
            throw .unsupported(
                operation: "attention over cached tokens on a GPU",
                reason: "it trains on whole sequences; generation runs on the processor")
        }
        let shape = AttentionHeads(query: heads, keyValue: pages.kvHeads, headDim: pages.headDim)
        let segments = spans.map(\.rows)
        try checkAttention(q, q: q, k: k, v: v, heads: shape, segments: segments)
        return try computing { () throws(CUDAError) in
            let call = try listedCall(q: q, k: k, v: v, shape, segments, causal: true)
            let sums = try forward(call)
            call.q.attention.withLock { $0 = sums }
            return tensor(q.shape, sums.out)
        }
    }

    package func attentionGradient(
        _ dy: Tensor, q: Tensor, k: Tensor, v: Tensor, heads: AttentionHeads, segments: [Range<Int>], causal: Bool
    ) throws(ComputeError) -> (q: Tensor, k: Tensor, v: Tensor) {
        try checkAttention(dy, q: q, k: k, v: v, heads: heads, segments: segments)
        return try computing { () throws(CUDAError) in
            let call = try listedCall(q: q, k: k, v: v, heads, segments, causal: causal)
            let (dq, queries) = try make(q.shape)
            let (dk, keys) = try make(k.shape)
            let (dv, values) = try make(v.shape)
            if !covers(call) {
                for block in [queries, keys, values] { try device.clear(block.address, bytes: block.byteCount) }
            }
            try backward(
                call, try memory(dy), dq: .memory(queries), dk: .memory(keys), dv: .memory(values),
                queryStride: q.columns, keyStride: k.columns)
            return (dq, dk, dv)
        }
    }

    // MARK: Arguments

    private func packedHeads(_ qkv: Tensor, heads: Int, segments: Int) throws(ComputeError) -> AttentionHeads {
        try checkCount(qkv.shape, "attention")
        guard heads > 0, segments > 0, qkv.rows % segments == 0, qkv.columns % (3 * heads) == 0 else {
            throw .shape(
                operation: "attention", weight: nil, found: qkv.shape,
                expected: "[\(segments) * tokens, 3 * \(heads) * headDim]")
        }
        let shape = AttentionHeads(query: heads, keyValue: heads, headDim: qkv.columns / (3 * heads))
        try checkHeadDim(shape)
        return shape
    }

    private func checkHeadDim(_ heads: AttentionHeads) throws(ComputeError) {
        guard heads.headDim % 8 == 0, heads.headDim <= 128 else {
            throw .unsupported(
                operation: "attention with heads of \(heads.headDim) elements on a GPU",
                reason: "its kernels take multiples of 8 up to 128")
        }
    }

    private func checkAttention(
        _ dy: Tensor, q: Tensor, k: Tensor, v: Tensor, heads: AttentionHeads, segments: [Range<Int>]
    ) throws(ComputeError) {
        try checkCount(q.shape, "attention")
        guard heads.query > 0, heads.keyValue > 0, heads.query % heads.keyValue == 0,
            segments.allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= q.rows })
        else {
            throw .shape(
                operation: "attention", weight: nil, found: q.shape,
                expected: "\(heads.query) query heads on \(heads.keyValue) key-value heads, segments of its rows")
        }
        try checkHeadDim(heads)
        try check(q, is: [q.rows, heads.query * heads.headDim], "attention, queries")
        try check(dy, is: q.shape, "attention gradient")
        try check(k, is: [q.rows, heads.keyValue * heads.headDim], "attention, keys")
        try check(v, is: k.shape, "attention, values")
    }

    private func packedCall(_ qkv: Tensor, _ heads: AttentionHeads, segments: Int) throws(CUDAError) -> AttentionCall {
        let (block, width) = (try memory(qkv), qkv.columns / 3)
        return AttentionCall(
            q: block, k: block, v: block, keyOffset: width * 4, valueOffset: width * 8, queryStride: 3 * width,
            keyStride: 3 * width, rows: qkv.rows, heads: heads,
            segments: .equal(count: segments, tokens: qkv.rows / segments))
    }

    private func listedCall(
        q: Tensor, k: Tensor, v: Tensor, _ heads: AttentionHeads, _ segments: [Range<Int>], causal: Bool
    ) throws(CUDAError) -> AttentionCall {
        AttentionCall(
            q: try memory(q), k: try memory(k), v: try memory(v), queryStride: q.columns, keyStride: k.columns,
            rows: q.rows, heads: heads, segments: .listed(segments, causal: causal))
    }

    private func tensor(_ shape: Shape, _ memory: DeviceMemoryBlock) -> Tensor {
        Tensor(shape: shape, storage: TensorStorage(count: shape.count, device: memory))
    }

    /// Whether every row belongs to a segment.
    private func covers(_ call: AttentionCall) -> Bool {
        guard case .listed(let segments, _) = call.segments else { return true }
        return segments.reduce(0) { $0 + $1.count } == call.rows
    }

    // MARK: Launches

    private func forward(_ call: AttentionCall) throws(CUDAError) -> AttentionSums {
        let kernels = try library.attention(headDim: call.heads.headDim)
        let out = try block(floats: call.rows * call.heads.query * call.heads.headDim, for: "attention")
        let sums = try block(floats: call.rows * call.heads.query, for: "attention")
        if !covers(call) { try device.clear(out.address, bytes: out.byteCount) }
        let work = try work(call, rows: kernels.queries.rows)
        try device.launch(
            kernels.forward, grid: (work.blocks, call.heads.query), block: kernels.queries.block,
            sharedBytes: kernels.queries.sharedBytes,
            [
                .memory(call.q), .place(call.k, call.keyOffset), .place(call.v, call.valueOffset), .memory(out),
                .memory(sums), .int(call.queryStride), .int(call.keyStride), .int(call.heads.query),
                .int(call.heads.group), work.list, .int(work.tokens), .int(call.segments.isCausal ? 1 : 0),
                .float(call.scale),
            ])
        return AttentionSums(
            keys: call.k === call.q ? nil : call.k, values: call.v === call.q ? nil : call.v, heads: call.heads,
            segments: call.segments, out: out, sums: sums)
    }

    private func backward(
        _ call: AttentionCall, _ dy: DeviceMemoryBlock, dq: KernelArgument, dk: KernelArgument, dv: KernelArgument,
        queryStride: Int, keyStride: Int
    ) throws(CUDAError) {
        let kernels = try library.attention(headDim: call.heads.headDim)
        let known = call.q.attention.withLock { $0 }
        let forward = if let known, known.fits(call) { known } else { try forward(call) }
        let (count, causal) = (call.rows * call.heads.query, call.segments.isCausal ? 1 : 0)
        let delta = try block(floats: count, for: "attention")
        try device.launch(
            kernels.delta, grid: (Self.blocks(of: 8, count), 1), block: 256,
            [.memory(dy), .memory(forward.out), .memory(delta), .int(count)])
        let arguments: [KernelArgument] = [
            .memory(call.q), .place(call.k, call.keyOffset), .place(call.v, call.valueOffset), .memory(dy),
            .memory(forward.sums), .memory(delta),
        ]
        let queries = try work(call, rows: kernels.queries.rows)
        try device.launch(
            kernels.queryGradient, grid: (queries.blocks, call.heads.query), block: kernels.queries.block,
            sharedBytes: kernels.queries.sharedBytes,
            arguments + [
                dq, .int(call.queryStride), .int(call.keyStride), .int(queryStride), .int(call.heads.query),
                .int(call.heads.group), queries.list, .int(queries.tokens), .int(causal), .float(call.scale),
            ])
        let keys = try work(call, rows: kernels.keys.rows)
        try device.launch(
            kernels.keyValueGradient, grid: (keys.blocks, call.heads.keyValue), block: kernels.keys.block,
            sharedBytes: kernels.keys.sharedBytes,
            arguments + [
                dk, dv, .int(call.queryStride), .int(call.keyStride), .int(keyStride), .int(call.heads.query),
                .int(call.heads.group), keys.list, .int(keys.tokens), .int(causal), .float(call.scale),
            ])
    }

    /// The pieces of `rows` rows that blocks own: a list of (first row of the segment, its rows, first row of the piece
    /// in it), longest segments first so that they do not come last; or no list for equal segments.
    private func work(
        _ call: AttentionCall, rows: Int
    ) throws(CUDAError) -> (blocks: Int, list: KernelArgument, tokens: Int) {
        switch call.segments {
        case .equal(let count, let tokens):
            return (count * Self.blocks(of: rows, tokens), .null, tokens)
        case .listed(let segments, _):
            let blocks = segments.reduce(0) { $0 + Self.blocks(of: rows, $1.count) }
            guard blocks > 0 else { return (0, .null, 0) }
            if let known = caches.withLock({ $0.segments.find(segments, variant: rows) }) {
                return (blocks, .memory(known), 0)
            }
            let order = segments.indices.sorted { (segments[$0].count, $1) > (segments[$1].count, $0) }
            var list: [Int32] = []
            list.reserveCapacity(3 * blocks)
            for index in order {
                let segment = segments[index]
                for first in stride(from: 0, to: segment.count, by: rows) {
                    list += [Int32(segment.lowerBound), Int32(segment.count), Int32(first)]
                }
            }
            let memory = try uploaded(list)
            caches.withLock { $0.segments.insert(segments, variant: rows, memory) }
            return (blocks, .memory(memory), 0)
        }
    }
}
