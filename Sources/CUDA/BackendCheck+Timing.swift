// The operations of a training step at the size they have there, timed on the device alone.

import Compute
import Foundation
import Numerics
import Training

extension BackendCheck {
    /// - Parameter tiles: of 256 patches and 8 prefix rows.
    package mutating func timeOperations(tiles: Int) {
        let (rows, width, mlp, heads) = (tiles * 264, 192, 768, 3)
        let device = device
        do {
            let x = try device.zeros([rows, width])
            let inner = try device.zeros([rows, mlp])
            let qkv = try device.zeros([rows, 3 * width])
            let gain = try device.zeros([width])
            let weight = { (outputs: Int, inputs: Int) throws in
                Weight(
                    name: "check", parameter: try device.zeros([outputs, inputs]), bias: try device.zeros([outputs]))
            }
            let (up, down, mix) = (try weight(mlp, width), try weight(width, mlp), try weight(3 * width, width))
            time("\(tiles) tiles: linear 192 -> 768") { _ = try device.linear(x, [up]) }
            time("\(tiles) tiles: linear 768 -> 192") { _ = try device.linear(inner, [down]) }
            time("\(tiles) tiles: linear 192 -> 576") { _ = try device.linear(x, [mix]) }
            time("\(tiles) tiles: linearInputGradient 768 -> 192") { _ = try device.linearInputGradient(inner, up) }
            time("\(tiles) tiles: linearWeightGradient 768 x 192") { _ = try device.linearWeightGradient(inner, x: x) }
            time("\(tiles) tiles: columnSums 768") { _ = try device.columnSums(inner) }
            time("\(tiles) tiles: layerNorm") { _ = try device.layerNorm(x, weight: gain, bias: gain, epsilon: 1e-6) }
            time("\(tiles) tiles: layerNormGradient") {
                _ = try device.layerNormGradient(x, x: x, weight: gain, epsilon: 1e-6)
            }
            time("\(tiles) tiles: gelu 768") { _ = try device.gelu(inner) }
            time("\(tiles) tiles: geluGradient 768") { _ = try device.geluGradient(inner, x: inner) }
            time("\(tiles) tiles: add 192") { _ = try device.add(x, x) }
            time("\(tiles) tiles: attention") {
                _ = try device.attention(qkv: qkv, heads: heads, segments: tiles)
            }
            time("\(tiles) tiles: packedAttentionGradient") {
                _ = try device.packedAttentionGradient(x, qkv: qkv, heads: heads, segments: tiles)
            }
            try timeCausal(sequences: max(tiles / 4, 1))
            let pixels = [UInt8](repeating: 7, count: tiles * 3 * 128 * 128)
            time("\(tiles) tiles: patchify with upload") {
                _ = try device.patchify(
                    pixels, tiles: tiles, side: 128, patch: 8, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
            }
        } catch {
            add(Row(operation: "timing", error: nil, bound: nil, microseconds: nil, failure: "\(error)"))
        }
    }

    /// Sequences of 100 to 900 tokens.
    private mutating func timeCausal(sequences: Int) throws {
        let heads = AttentionHeads(query: 4, keyValue: 2, headDim: 64)
        var segments: [Range<Int>] = []
        for index in 0..<sequences {
            let first = segments.last?.upperBound ?? 0
            segments.append(first..<first + 100 + index * 37 % 801)
        }
        let rows = segments.last?.upperBound ?? 0
        let (q, k) = (try device.zeros([rows, 256]), try device.zeros([rows, 128]))
        let (device, ranges) = (device, segments)
        time("\(sequences) sequences, \(rows) tokens: attentionGradient, causal") {
            _ = try device.attentionGradient(q, q: q, k: k, v: k, heads: heads, segments: ranges, causal: true)
        }
    }
}
