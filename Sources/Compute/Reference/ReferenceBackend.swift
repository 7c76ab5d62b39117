// The oracle: every operation written as its definition, summed in double. Knows nothing of speed.

import Foundation
import Numerics

/// A slow backend that is meant to be read and believed. Sums run in double and round once to float32, so its error is
/// that of its inputs' formats; every fast kernel is tested against it.
package struct ReferenceBackend: Backend {
    package let precision: Precision

    package init(precision: Precision = .f32) { self.precision = precision }

    package func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try check(weight, is: [x.columns], operation: "rmsNorm")
        let gain = weight.array()
        return map(rowsOf: x) { row in
            let meanSquare = row.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(row.count)
            let scale = 1 / (meanSquare + Double(epsilon)).squareRoot()
            return zip(row, gain).map { Float(Double($0) * scale * Double($1)) }
        }
    }

    package func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) throws(ComputeError) -> Tensor {
        try check(weight, is: [x.columns], operation: "layerNorm")
        try check(bias, is: [x.columns], operation: "layerNorm")
        let (gain, offset) = (weight.array(), bias.array())
        return map(rowsOf: x) { row in
            let mean = row.reduce(0.0) { $0 + Double($1) } / Double(row.count)
            let variance = row.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(row.count)
            let scale = 1 / (variance + Double(epsilon)).squareRoot()
            return row.indices.map { Float((Double(row[$0]) - mean) * scale * Double(gain[$0]) + Double(offset[$0])) }
        }
    }

    package func gelu(_ x: Tensor) throws(ComputeError) -> Tensor {
        Tensor(x.array().map { Float(0.5 * Double($0) * (1 + erf(Double($0) / 2.0.squareRoot()))) }, shape: x.shape)
    }

    package func swiGLU(gate: Tensor, up: Tensor) throws(ComputeError) -> Tensor {
        try check(up, is: gate.shape, operation: "swiGLU")
        let values = zip(gate.array(), up.array()).map { Float(Double($0) / (1 + exp(-Double($0))) * Double($1)) }
        return Tensor(values, shape: gate.shape)
    }

    package func add(_ x: Tensor, _ y: Tensor) throws(ComputeError) -> Tensor {
        try check(y, is: x.shape, operation: "add")
        return Tensor(zip(x.array(), y.array()).map { $0 + $1 }, shape: x.shape)
    }

    package func rope(
        _ x: Tensor, headDim: Int, positions: [Int32], frequencies: [Float]
    ) throws(ComputeError) -> Tensor {
        guard x.columns % headDim == 0, positions.count == x.rows, frequencies.count * 2 == headDim else {
            throw .shape(
                operation: "rope", weight: nil, found: x.shape,
                expected: "[\(positions.count), heads * \(headDim)] with \(headDim / 2) frequencies")
        }
        let half = headDim / 2
        var result = x.array()
        for row in 0..<x.rows {
            for head in stride(from: row * x.columns, to: (row + 1) * x.columns, by: headDim) {
                for i in 0..<half {
                    let angle = Float(positions[row]) * frequencies[i]  // float32, as the reference computes it
                    let (c, s) = (cos(Double(angle)), sin(Double(angle)))
                    let (a, b) = (Double(result[head + i]), Double(result[head + half + i]))
                    result[head + i] = Float(a * c - b * s)
                    result[head + half + i] = Float(b * c + a * s)
                }
            }
        }
        return Tensor(result, shape: x.shape)
    }

    package func replacingRows(_ x: Tensor, at rows: [Int], with replacement: Tensor) throws(ComputeError) -> Tensor {
        try check(replacement, is: [rows.count, x.columns], operation: "replacingRows")
        var result = x.array()
        let new = replacement.array()
        for (index, row) in rows.enumerated() {
            for column in 0..<x.columns { result[row * x.columns + column] = new[index * x.columns + column] }
        }
        return Tensor(result, shape: x.shape)
    }

    package func rows(_ x: Tensor, _ rows: [Int]) throws(ComputeError) -> Tensor {
        let values = x.array()
        let picked = rows.flatMap { values[$0 * x.columns..<($0 + 1) * x.columns] }
        return Tensor(picked, shape: [rows.count, x.columns])
    }
}

extension ReferenceBackend {
    /// Applies `transform` to each row; the result has the shape of x.
    private func map(rowsOf x: Tensor, _ transform: ([Float]) -> [Float]) -> Tensor {
        let values = x.array()
        let result = (0..<x.rows).flatMap { transform(Array(values[$0 * x.columns..<($0 + 1) * x.columns])) }
        return Tensor(result, shape: x.shape)
    }

    func check(_ tensor: Tensor, is shape: Shape, operation: String) throws(ComputeError) {
        guard tensor.shape == shape else {
            throw .shape(operation: operation, weight: nil, found: tensor.shape, expected: shape.description)
        }
    }
}
