// The operations that a device is compared in, over small shapes and those of the model that is trained.

import Checkpoint
package import Compute
import Foundation
import Numerics
package import Training

extension BackendCheck {
    /// Largest errors allowed: of what only moves numbers, of float32 arithmetic, and of products.
    package struct Bounds: Sendable {
        let moved = 0.0
        let float = 1e-5
        let product: Double
        /// Of a product of products: attention and its backward.
        let chained: Double

        /// - Parameter precision: f32, or w4a16, whose products are of TF32.
        package init(_ precision: Precision) {
            product = precision == .f32 ? 1e-5 : 2e-3
            chained = precision == .f32 ? 3e-5 : 5e-3
        }
    }

    /// - Parameter quick: leaves the larger shapes out.
    package mutating func compareOperations(_ bounds: Bounds, quick: Bool = false) {
        products(bounds, quick: quick)
        norms(bounds, quick: quick)
        elementOperations(bounds, quick: quick)
        rowMoves(bounds, quick: quick)
        visionOperations(bounds, quick: quick)
        attentions(bounds, quick: quick)
        sums(bounds, quick: quick)
    }

    private mutating func products(_ bounds: Bounds, quick: Bool) {
        var noise = Noise(1)
        let small = [(5, 32, 64, true), (37, 48, 20, false)]
        let large = [(1056, 192, 576, true), (1056, 768, 192, true), (777, 256, 704, false), (64, 256, 512, false)]
        for (rows, inputs, outputs, hasBias) in quick ? small : small + large {
            let (x, dy) = (noise.tensor([rows, inputs]), noise.tensor([rows, outputs]))
            let bias = hasBias ? noise.tensor([outputs]) : nil
            let weight = Weight(name: "check", parameter: noise.tensor([outputs, inputs], spread: 0.1), bias: bias)
            let name = "[\(rows), \(inputs)] x [\(outputs), \(inputs)]"
            compare("linear \(name)\(hasBias ? " + bias" : "")", within: bounds.product) {
                try $0.linear(x, [weight])
            }
            compare("linearInputGradient \(name)", within: bounds.product) { [try $0.linearInputGradient(dy, weight)] }
            compare("linearWeightGradient \(name)", within: bounds.product) { [try $0.linearWeightGradient(dy, x: x)] }
        }
        let table = noise.tensor([64, 32]).array().map { BFloat16($0).bits }
        let stored = Weight(
            name: "stored", outputs: 64, inputs: 32,
            format: .dense(TensorView(copying: table, dtype: .bf16, shape: [64, 32])))
        let ids = (0..<50).map { _ in Int32(noise.below(64)) }
        compare("embed, bf16 table", within: bounds.moved) { [try $0.embed(ids, table: stored)] }
    }

    private mutating func norms(_ bounds: Bounds, quick: Bool) {
        var noise = Noise(2)
        let small = [(5, 64), (70, 30)]
        let large = [(1056, 192), (900, 256), (300, 768), (33, 4096)]
        for (rows, columns) in quick ? small : small + large {
            let (x, dy) = (noise.tensor([rows, columns], center: 0.3), noise.tensor([rows, columns]))
            let (gain, offset) = (noise.tensor([columns], center: 1), noise.tensor([columns]))
            let name = "[\(rows), \(columns)]"
            compare("rmsNorm \(name)", within: bounds.float) { [try $0.rmsNorm(x, weight: gain, epsilon: 1e-5)] }
            compare("layerNorm \(name)", within: bounds.float) {
                [try $0.layerNorm(x, weight: gain, bias: offset, epsilon: 1e-6)]
            }
            compare("rmsNormGradient \(name)", within: bounds.float) {
                let result = try $0.rmsNormGradient(dy, x: x, weight: gain, epsilon: 1e-5)
                return [result.x, result.weight]
            }
            compare("layerNormGradient \(name)", within: bounds.float) {
                let result = try $0.layerNormGradient(dy, x: x, weight: gain, epsilon: 1e-6)
                return [result.x, result.weight, result.bias]
            }
        }
    }

    private mutating func elementOperations(_ bounds: Bounds, quick: Bool) {
        var noise = Noise(3)
        for (rows, columns) in quick ? [(7, 33)] : [(7, 33), (1056, 768), (900, 704)] {
            let (x, y) = (noise.tensor([rows, columns], spread: 6), noise.tensor([rows, columns], spread: 3))
            let dy = noise.tensor([rows, columns])
            let name = "[\(rows), \(columns)]"
            compare("add \(name)", within: bounds.moved) { [try $0.add(x, y)] }
            compare("gelu \(name)", within: bounds.float) { [try $0.gelu(x)] }
            compare("geluGradient \(name)", within: bounds.float) { [try $0.geluGradient(dy, x: x)] }
            compare("swiGLU \(name)", within: bounds.float) { [try $0.swiGLU(gate: x, up: y)] }
            compare("swiGLUGradient \(name)", within: bounds.float) {
                let result = try $0.swiGLUGradient(dy, gate: x, up: y)
                return [result.gate, result.up]
            }
            compare("columnSums \(name)", within: bounds.float) { [try $0.columnSums(dy)] }
        }
        let x = noise.tensor([70, 256])
        let positions = (0..<70).map { Int32($0 * 17) }
        let frequencies = (0..<32).map { pow(500_000, -Float($0) / 32) }
        compare("rope [70, 4 x 64]", within: bounds.float) {
            [try $0.rope(x, headDim: 64, positions: positions, frequencies: frequencies)]
        }
    }

    private mutating func rowMoves(_ bounds: Bounds, quick: Bool) {
        var noise = Noise(4)
        for (count, columns) in quick ? [(40, 24), (40, 7)] : [(40, 24), (40, 7), (6000, 256)] {
            let x = noise.tensor([count, columns])
            let picked = (0..<count / 2).map { 2 * $0 + 1 }
            let replacement = noise.tensor([picked.count, columns])
            let name = "[\(count), \(columns)]"
            compare("rows \(name)", within: bounds.moved) { [try $0.rows(x, picked)] }
            compare("replacingRows \(name)", within: bounds.moved) {
                [try $0.replacingRows(x, at: picked, with: replacement)]
            }
            compare("scatteredRows, distinct \(name)", within: bounds.moved) {
                [try $0.scatteredRows(replacement, to: picked, count: count)]
            }
            // Half of all rows go to one target, as the embedding of the image token does.
            let targets = (0..<count).map { $0 % 2 == 0 ? 3 : noise.below(30) }
            compare("scatteredRows, repeated \(name)", within: bounds.float) {
                [try $0.scatteredRows(x, to: targets, count: 32)]
            }
        }
    }

    private mutating func visionOperations(_ bounds: Bounds, quick: Bool) {
        var noise = Noise(5)
        for (tiles, side, patch, width) in quick
            ? [(2, 32, 8, 12)] : [(2, 32, 8, 12), (3, 12, 3, 10), (4, 128, 8, 192)]
        {
            let pixels = noise.bytes(tiles * 3 * side * side)
            let grid = side / patch
            let name = "\(tiles) x \(grid * grid) patches, \(width)"
            compare("patchify \(name)", within: 1e-6) {
                [
                    try $0.patchify(
                        pixels, tiles: tiles, side: side, patch: patch, mean: [0.48, 0.45, 0.4],
                        std: [0.26, 0.27, 0.28])
                ]
            }
            let patches = noise.tensor([tiles * grid * grid, width])
            let (positions, prefix) = (noise.tensor([grid * grid, width]), noise.tensor([8, width]))
            compare("assembleTokens \(name)", within: bounds.moved) {
                [try $0.assembleTokens(patches: patches, positions: positions, prefix: prefix)]
            }
            let tokens = noise.tensor([tiles * (8 + grid * grid), width])
            compare("assembleTokensGradient \(name)", within: bounds.float) {
                let result = try $0.assembleTokensGradient(tokens, prefixRows: 8, positionRows: grid * grid)
                return [result.patches, result.positions, result.prefix]
            }
            for transposed in [false, true] {
                compare("pixelShuffle \(name)\(transposed ? ", transposed" : "")", within: bounds.moved) {
                    [try $0.pixelShuffle(tokens, prefix: 8, side: grid, transposed: transposed)]
                }
                let dy = noise.tensor([tiles * grid * grid / 4, 4 * width])
                compare("pixelShuffleGradient \(name)\(transposed ? ", transposed" : "")", within: bounds.moved) {
                    [try $0.pixelShuffleGradient(dy, rows: tokens.rows, prefix: 8, side: grid, transposed: transposed)]
                }
            }
        }
    }

    private mutating func attentions(_ bounds: Bounds, quick: Bool) {
        var noise = Noise(6)
        let packed = [(2, 20, 2, 16), (3, 70, 1, 32)]
        for (segments, tokens, heads, dim) in quick ? packed : packed + [(4, 264, 3, 64), (2, 130, 2, 128)] {
            let qkv = noise.tensor([segments * tokens, 3 * heads * dim], spread: 2)
            let dy = noise.tensor([segments * tokens, heads * dim])
            let name = "\(segments) x \(tokens) tokens, \(heads) x \(dim)"
            compare("attention \(name)", within: bounds.chained) {
                [try $0.attention(qkv: qkv, heads: heads, segments: segments)]
            }
            compare("packedAttentionGradient \(name)", within: bounds.chained) {
                [try $0.packedAttentionGradient(dy, qkv: qkv, heads: heads, segments: segments)]
            }
        }
        let lengths = quick ? [[3, 1, 40]] : [[3, 1, 40], [1, 100, 97, 250, 64], [900, 16]]
        for (lengths, heads) in zip(
            lengths,
            [AttentionHeads(query: 4, keyValue: 2, headDim: 16)]
                + (0..<2).map { _ in AttentionHeads(query: 4, keyValue: 2, headDim: 64) })
        {
            causal(lengths, heads, &noise, bounds)
        }
        if !quick { causal([140, 5], AttentionHeads(query: 4, keyValue: 1, headDim: 128), &noise, bounds) }
    }

    private mutating func causal(
        _ lengths: [Int], _ heads: AttentionHeads, _ noise: inout Noise, _ bounds: Bounds
    ) {
        let rows = lengths.reduce(0, +)
        let q = noise.tensor([rows, heads.query * heads.headDim], spread: 2)
        let k = noise.tensor([rows, heads.keyValue * heads.headDim], spread: 2)
        let (v, dy) = (noise.tensor(k.shape), noise.tensor(q.shape))
        var (spans, segments, first, page): ([SequenceSpan], [Range<Int>], Int, Int32) = ([], [], 0, 0)
        for length in lengths {
            let pages = Int32((length + KVPages.pageTokens - 1) / KVPages.pageTokens)
            spans.append(SequenceSpan(rows: first..<first + length, start: 0, pages: Array(page..<page + pages)))
            segments.append(first..<first + length)
            first += length
            page += pages
        }
        let name = "\(lengths), \(heads.query)/\(heads.keyValue) x \(heads.headDim)"
        compare("cachedAttention \(name)", within: bounds.chained) {
            let pages = try KVPages(
                layers: 1, kvHeads: heads.keyValue, headDim: heads.headDim, pages: Int(page), dtype: .f32)
            return [try $0.cachedAttention(q: q, k: k, v: v, heads: heads.query, pages: pages, layer: 0, spans: spans)]
        }
        for isCausal in [true, false] {
            compare("attentionGradient \(name)\(isCausal ? ", causal" : "")", within: bounds.chained) {
                let result = try $0.attentionGradient(
                    dy, q: q, k: k, v: v, heads: heads, segments: segments, causal: isCausal)
                return [result.q, result.k, result.v]
            }
        }
    }
}
