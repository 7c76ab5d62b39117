// The oracle's backward operations: the definitions, summed in double.

package import Compute
import Foundation
import Numerics

extension ReferenceBackend: HostBackend {
    package func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
        for index in 0..<count { body(index) }
    }

    package func linearInputGradient(_ dy: Tensor, _ weight: Weight) throws(ComputeError) -> Tensor {
        try check(dy, is: [dy.rows, weight.outputs], "linear input gradient")
        let (values, gradients) = (weight.floats(), dy.array())
        var result = [Float](repeating: 0, count: dy.rows * weight.inputs)
        for row in 0..<dy.rows {
            var sums = [Double](repeating: 0, count: weight.inputs)
            for output in 0..<weight.outputs {
                let gradient = Double(gradients[row * weight.outputs + output])
                for k in 0..<weight.inputs { sums[k] += gradient * Double(values[output * weight.inputs + k]) }
            }
            for k in 0..<weight.inputs { result[row * weight.inputs + k] = Float(sums[k]) }
        }
        return Tensor(result, shape: [dy.rows, weight.inputs])
    }

    package func linearWeightGradient(_ dy: Tensor, x: Tensor) throws(ComputeError) -> Tensor {
        try check(dy, is: [x.rows, dy.columns], "linear weight gradient")
        let (inputs, gradients) = (x.array(), dy.array())
        var result = [Float](repeating: 0, count: dy.columns * x.columns)
        for output in 0..<dy.columns {
            var sums = [Double](repeating: 0, count: x.columns)
            for row in 0..<x.rows {
                let gradient = Double(gradients[row * dy.columns + output])
                for k in 0..<x.columns { sums[k] += gradient * Double(inputs[row * x.columns + k]) }
            }
            for k in 0..<x.columns { result[output * x.columns + k] = Float(sums[k]) }
        }
        return Tensor(result, shape: [dy.columns, x.columns])
    }

    package func attentionGradient(
        _ dy: Tensor, q: Tensor, k: Tensor, v: Tensor, heads: AttentionHeads, segments: [Range<Int>], causal: Bool
    ) throws(ComputeError) -> (q: Tensor, k: Tensor, v: Tensor) {
        try checkAttention(dy, q: q, k: k, v: v, heads: heads, segments: segments)
        let width = heads.headDim
        let (queries, keys, values, gradients) = (q.array(), k.array(), v.array(), dy.array())
        var dq = [Double](repeating: 0, count: queries.count)
        var dk = [Double](repeating: 0, count: keys.count)
        var dv = [Double](repeating: 0, count: values.count)
        let scale = 1 / Double(width).squareRoot()
        for segment in segments {
            for head in 0..<heads.query {
                for row in segment {
                    let query = (row * heads.query + head) * width
                    let places = (segment.lowerBound..<(causal ? row + 1 : segment.upperBound)).map {
                        ($0 * heads.keyValue + head / heads.group) * width
                    }
                    let scores = places.map { place in
                        scale * (0..<width).reduce(0.0) { $0 + Double(queries[query + $1]) * Double(keys[place + $1]) }
                    }
                    let largest = scores.max() ?? 0
                    let powers = scores.map { exp($0 - largest) }
                    let total = powers.reduce(0, +)
                    let weights = powers.map { $0 / total }
                    let mixed = places.map { place in
                        (0..<width).reduce(0.0) { $0 + Double(gradients[query + $1]) * Double(values[place + $1]) }
                    }
                    let mean = zip(weights, mixed).reduce(0.0) { $0 + $1.0 * $1.1 }
                    for (index, place) in places.enumerated() {
                        let slope = scale * weights[index] * (mixed[index] - mean)
                        for i in 0..<width {
                            dq[query + i] += slope * Double(keys[place + i])
                            dk[place + i] += slope * Double(queries[query + i])
                            dv[place + i] += weights[index] * Double(gradients[query + i])
                        }
                    }
                }
            }
        }
        return (
            Tensor(dq.map { Float($0) }, shape: q.shape), Tensor(dk.map { Float($0) }, shape: k.shape),
            Tensor(dv.map { Float($0) }, shape: v.shape)
        )
    }
}

extension DifferentiableBackend {
    func checkAttention(
        _ dy: Tensor, q: Tensor, k: Tensor, v: Tensor, heads: AttentionHeads, segments: [Range<Int>]
    ) throws(ComputeError) {
        let rows = q.shape.rank > 0 ? q.rows : 0
        guard heads.query > 0, heads.keyValue > 0, heads.headDim > 0, heads.query % heads.keyValue == 0,
            segments.allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= rows })
        else {
            throw .shape(
                operation: "attention gradient", weight: nil, found: q.shape,
                expected: "\(heads.query) query heads on \(heads.keyValue) key-value heads, segments of its rows")
        }
        try check(q, is: [rows, heads.query * heads.headDim], "attention gradient, queries")
        try check(dy, is: q.shape, "attention gradient")
        try check(k, is: [rows, heads.keyValue * heads.headDim], "attention gradient, keys")
        try check(v, is: k.shape, "attention gradient, values")
    }
}
