// Softmax attention by definition, over a whole tile and over the paged cache.

import Foundation
import Numerics

extension ReferenceBackend {
    package func attention(qkv: Tensor, heads: Int, segments: Int) throws(ComputeError) -> Tensor {
        guard segments > 0, qkv.rows % segments == 0, qkv.columns % (3 * heads) == 0 else {
            throw .shape(
                operation: "attention", weight: nil, found: qkv.shape,
                expected: "[\(segments) * tokens, 3 * \(heads) * headDim]")
        }
        let width = qkv.columns / 3
        let headDim = width / heads
        let tokens = qkv.rows / segments
        let values = qkv.array()
        var result = [Float](repeating: 0, count: qkv.rows * width)
        for row in 0..<qkv.rows {
            let first = row / tokens * tokens
            for head in 0..<heads {
                let query = (0..<headDim).map { values[row * 3 * width + head * headDim + $0] }
                let keys = (first..<first + tokens).map { other in
                    (0..<headDim).map { values[other * 3 * width + width + head * headDim + $0] }
                }
                let mixed = (first..<first + tokens).map { other in
                    (0..<headDim).map { values[other * 3 * width + 2 * width + head * headDim + $0] }
                }
                let output = attend(query, keys: keys, values: mixed)
                for i in 0..<headDim { result[row * width + head * headDim + i] = output[i] }
            }
        }
        return Tensor(result, shape: [qkv.rows, width])
    }

    package func cachedAttention(
        q: Tensor, k: Tensor, v: Tensor, heads: Int, pages: KVPages, layer: Int, spans: [SequenceSpan]
    ) throws(ComputeError) -> Tensor {
        let headDim = pages.headDim
        try check(q, is: [q.rows, heads * headDim], operation: "cachedAttention queries")
        try check(k, is: [q.rows, pages.kvHeads * headDim], operation: "cachedAttention keys")
        try check(v, is: [q.rows, pages.kvHeads * headDim], operation: "cachedAttention values")
        let (queries, newKeys, newValues) = (q.array(), k.array(), v.array())
        var result = [Float](repeating: 0, count: q.rows * heads * headDim)
        for span in spans {
            for (offset, row) in span.rows.enumerated() {
                let slot = CacheSlot(pages: pages, layer: layer, span: span, position: span.start + offset)
                for head in 0..<pages.kvHeads {
                    for i in 0..<headDim {
                        let source = (row * pages.kvHeads + head) * headDim + i
                        slot.store(key: newKeys[source], value: newValues[source], head: head, element: i)
                    }
                }
            }
            for (offset, row) in span.rows.enumerated() {
                let slots = (0...span.start + offset).map {
                    CacheSlot(pages: pages, layer: layer, span: span, position: $0)
                }
                for head in 0..<heads {
                    let source = head / (heads / pages.kvHeads)
                    let first = (row * heads + head) * headDim
                    let output = attend(
                        Array(queries[first..<first + headDim]),
                        keys: slots.map { slot in (0..<headDim).map { slot.key(head: source, element: $0) } },
                        values: slots.map { slot in (0..<headDim).map { slot.value(head: source, element: $0) } })
                    for i in 0..<headDim { result[first + i] = output[i] }
                }
            }
        }
        return Tensor(result, shape: q.shape)
    }

    /// softmax(query . keys / sqrt(headDim)) . values
    private func attend(_ query: [Float], keys: [[Float]], values: [[Float]]) -> [Float] {
        let scores = keys.map { key in
            zip(query, key).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / Double(query.count).squareRoot()
        }
        let largest = scores.max() ?? 0
        let weights = scores.map { exp($0 - largest) }
        let total = weights.reduce(0, +)
        return query.indices.map { i in
            Float(zip(weights, values).reduce(0.0) { $0 + $1.0 * Double($1.1[i]) } / total)
        }
    }
}

/// One token position of one layer in the paged cache.
private struct CacheSlot {
    let pages: KVPages
    let layer: Int
    let page: Int
    let row: Int

    init(pages: KVPages, layer: Int, span: SequenceSpan, position: Int) {
        self.pages = pages
        self.layer = layer
        page = Int(span.pages[position / KVPages.pageTokens])
        row = position % KVPages.pageTokens
    }

    private func index(_ head: Int, _ element: Int) -> Int {
        (head * KVPages.pageTokens + row) * pages.headDim + element
    }

    func store(key: Float, value: Float, head: Int, element: Int) {
        write(key, scale: pages.keyScales[layer], to: pages.keys(layer: layer, page: page), index(head, element))
        write(value, scale: pages.valueScales[layer], to: pages.values(layer: layer, page: page), index(head, element))
    }

    func key(head: Int, element: Int) -> Float {
        read(pages.keys(layer: layer, page: page), index(head, element), scale: pages.keyScales[layer])
    }

    func value(head: Int, element: Int) -> Float {
        read(pages.values(layer: layer, page: page), index(head, element), scale: pages.valueScales[layer])
    }

    private func write(_ x: Float, scale: Float, to base: UnsafeMutableRawPointer, _ index: Int) {
        switch pages.dtype {
        case .bf16: base.storeBytes(of: BFloat16(x).bits, toByteOffset: index * 2, as: UInt16.self)
        case .f8e4m3: base.storeBytes(of: E4M3(saturating: x / scale).bits, toByteOffset: index, as: UInt8.self)
        default: base.storeBytes(of: x, toByteOffset: index * 4, as: Float.self)
        }
    }

    private func read(_ base: UnsafeMutableRawPointer, _ index: Int, scale: Float) -> Float {
        switch pages.dtype {
        case .bf16: BFloat16(bits: base.load(fromByteOffset: index * 2, as: UInt16.self)).float
        case .f8e4m3: E4M3(bits: base.load(fromByteOffset: index, as: UInt8.self)).float * scale
        default: base.load(fromByteOffset: index * 4, as: Float.self)
        }
    }
}
