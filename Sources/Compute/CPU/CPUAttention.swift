// Attention within the tiles of an image. Knows nothing of the cache.

import CKernels
import Numerics

extension CPUBackend {
    package func attention(qkv: Tensor, heads: Int, segments: Int) throws(ComputeError) -> Tensor {
        try checkMatrix(qkv, operation: "attention")
        guard segments > 0, heads > 0, heads <= qkv.columns, qkv.rows % segments == 0, qkv.columns % (3 * heads) == 0
        else {
            throw .shape(
                operation: "attention", weight: nil, found: qkv.shape,
                expected: "[\(segments) * tokens, 3 * \(heads) * headDim]")
        }
        let (width, tokens) = (qkv.columns / 3, qkv.rows / segments)
        let headDim = width / heads
        try checkHead(headDim, operation: "attention")
        let result = tensor([qkv.rows, width])
        let stride = qkv.columns * MemoryLayout<Float>.stride
        let tilesPerHead = (tokens + AttentionTile.capacity - 1) / AttentionTile.capacity
        team.forEach(segments * heads * tilesPerHead) { indices in
            let records = tensor([AttentionTile.recordCount(headDim: headDim)])
            for index in indices {
                let (segment, head) = (index / (heads * tilesPerHead), index / tilesPerHead % heads)
                let first = index % tilesPerHead * AttentionTile.capacity
                let base = qkv.pointer + segment * tokens * qkv.columns + head * headDim
                var tile = AttentionTile(headDim: headDim, kernels: kernels)
                for token in first..<min(first + AttentionTile.capacity, tokens) {
                    tile.append(
                        query: base + token * qkv.columns, limit: tokens,
                        result: result.pointer + (segment * tokens + token) * width + head * headDim)
                }
                var cache = monocle_cache(
                    keys: base + width, values: base + 2 * width, pages: nil,
                    page_stride: KVPages.pageTokens * stride, row_stride: stride,
                    format: Int32(MONOCLE_F32), key_scale: 1, value_scale: 1)
                tile.attend(&cache, positions: 0..<tokens, records: records.pointer)
                tile.finish(records.pointer)
            }
        }
        return result
    }

    func checkHead(_ headDim: Int, operation: String) throws(ComputeError) {
        guard headDim > 0, headDim <= MONOCLE_MAX_HEAD_DIM else {
            throw .unsupported(
                operation: operation,
                reason: "a head of \(headDim) elements; the kernels take 1 to \(MONOCLE_MAX_HEAD_DIM)")
        }
    }
}
