// gptq against its textbook form in double, and what it gains where inputs are correlated.

import Checkpoint
import Compute
import Foundation
import Numerics
import TestSupport
import Testing

@testable import Quantization

struct GPTQTests {
    private let products: Products

    init() throws { products = Products(on: try CPUBackend(precision: .f32)) }

    private func factor(_ x: [Float], inputs: Int, damping: Float = 0.01) throws -> InputFactor {
        let sum = InputProducts(inputs: inputs, products)
        // In uneven pieces, as chunks of prompts are.
        var row = 0
        let rows = x.count / inputs
        while row < rows {
            let count = min(37 + row % 11, rows - row)
            try sum.add(Tensor(Array(x[row * inputs..<(row + count) * inputs]), shape: [count, inputs]))
            row += count
        }
        return try sum.factor(damping: damping)
    }

    private func weights(_ outputs: Int, _ inputs: Int, seed: UInt64) -> [Float] {
        var random = SeededGenerator(state: seed)
        return (0..<outputs * inputs).map { _ in BFloat16(Float(random.normal() * 0.02)).float }
    }

    private func round(
        _ weight: [Float], outputs: Int, factor: InputFactor
    ) throws -> (made: [Float], result: GPTQ.Result) {
        let view = bf16(weight, rows: outputs)
        let quantizer = WeightQuantizer(rule: .max, scales: NVFP4WeightScales(division: .cpu))
        let largest = weight.reduce(0) { max($0, $1.magnitude) }
        let scales = quantizer.blockScales(of: view, largest: largest)
        let globalScale = quantizer.globalScale(largest: largest)
        let result = try GPTQ(factor: factor, products: products)
            .round(view, blockScales: scales, globalScale: globalScale)
        return (NVFP4.dequantize(packed: result.packed, scales: scales, globalScale: globalScale), result)
    }

    /// GPTQ as it is usually stated: U is the upper Cholesky factor of the inverse of the damped H, columns left to right,
    /// and all that follow get their share of the error at once.
    private func textbook(
        _ weight: [Float], outputs: Int, x: [Float], damping: Double, steps: [Float]
    ) -> [Float] {
        let inputs = weight.count / outputs
        let rows = x.count / inputs
        var h = [Double](repeating: 0, count: inputs * inputs)
        for row in 0..<rows {
            for i in 0..<inputs {
                for j in 0..<inputs {
                    h[i * inputs + j] += 2 / Double(rows) * Double(x[row * inputs + i]) * Double(x[row * inputs + j])
                }
            }
        }
        let mean = (0..<inputs).reduce(0) { $0 + h[$1 * inputs + $1] } / Double(inputs)
        for i in 0..<inputs { h[i * inputs + i] += damping * mean }
        let inverse = Self.inverse(h, inputs)
        // inverse = U^T U.
        var u = [Double](repeating: 0, count: inputs * inputs)
        for i in 0..<inputs {
            for j in i..<inputs {
                var value = inverse[i * inputs + j]
                for k in 0..<i { value -= u[k * inputs + i] * u[k * inputs + j] }
                u[i * inputs + j] = i == j ? value.squareRoot() : value / u[i * inputs + i]
            }
        }
        var made = [Float](repeating: 0, count: weight.count)
        for output in 0..<outputs {
            var row = weight[output * inputs..<(output + 1) * inputs].map(Double.init)
            for i in 0..<inputs {
                let step = steps[(output * inputs + i) / 16]
                let rounded = E2M1(saturating: Float(row[i]) / step).float * step
                made[output * inputs + i] = rounded
                let error = (row[i] - Double(rounded)) / u[i * inputs + i]
                for j in i..<inputs { row[j] -= error * u[i * inputs + j] }
            }
        }
        return made
    }

    /// Gauss and Jordan.
    private static func inverse(_ matrix: [Double], _ size: Int) -> [Double] {
        var (a, b) = (matrix, [Double](repeating: 0, count: size * size))
        for i in 0..<size { b[i * size + i] = 1 }
        for k in 0..<size {
            let pivot = a[k * size + k]
            for j in 0..<size {
                a[k * size + j] /= pivot
                b[k * size + j] /= pivot
            }
            for i in 0..<size where i != k {
                let factor = a[i * size + k]
                for j in 0..<size {
                    a[i * size + j] -= factor * a[k * size + j]
                    b[i * size + j] -= factor * b[k * size + j]
                }
            }
        }
        return b
    }

    @Test func equalsTheTextbook() throws {
        let (outputs, inputs) = (24, 96)
        let x = correlatedRows(200, inputs: inputs, seed: 4)
        let weight = weights(outputs, inputs, seed: 5)
        let found = try round(weight, outputs: outputs, factor: factor(x, inputs: inputs))
        let quantizer = WeightQuantizer(rule: .max, scales: NVFP4WeightScales(division: .cpu))
        let plain = Quantized(bf16(weight, rows: outputs), quantizer)
        let expected = textbook(
            weight, outputs: outputs, x: x, damping: 0.01,
            steps: plain.scales.map { E4M3(bits: $0).float * plain.globalScale })
        // A near-tie that float32 rounds the other way changes what follows in its row, and nothing else.
        let same = (0..<outputs).count { row in
            found.made[row * inputs..<(row + 1) * inputs] == expected[row * inputs..<(row + 1) * inputs]
        }
        #expect(same >= outputs - 1, "\(same) of \(outputs) rows")
        #expect(found.made != plain.dequantized)
    }

    /// H + damping = M D M^T, over more than one block of every kind.
    @Test func factorsWhatItIsGiven() throws {
        let inputs = 1040
        let x = correlatedRows(300, inputs: inputs, seed: 6)
        let factor = try factor(x, inputs: inputs)
        #expect(factor.rows == 300 && factor.unseen == 0)
        var random = SeededGenerator(state: 7)
        for _ in 0..<200 {
            let (i, j) = (Int.random(in: 0..<inputs, using: &random), Int.random(in: 0..<inputs, using: &random))
            var expected = i == j ? factor.damping : 0
            for row in 0..<300 { expected += 2 / 300.0 * Double(x[row * inputs + i]) * Double(x[row * inputs + j]) }
            var found = 0.0
            func m(_ row: Int, _ column: Int) -> Double {
                row == column ? 1 : Double(factor.matrix.pointer[row * inputs + column])
            }
            for k in max(i, j)..<inputs { found += m(i, k) * factor.pivots[k] * m(j, k) }
            #expect(abs(found - expected) < 2e-3 * max(abs(expected), factor.damping), "\(i) \(j)")
        }
    }

    /// On inputs that go together, errors make up for each other: far below rounding to nearest, by any scale rule.
    @Test func losesLessOutputThanRounding() throws {
        let (outputs, inputs) = (48, 1152)
        let x = correlatedRows(512, inputs: inputs, seed: 8)
        let weight = weights(outputs, inputs, seed: 9)
        let factor = try factor(x, inputs: inputs)
        let (made, result) = try round(weight, outputs: outputs, factor: factor)
        let (error, energy) = outputError(x, weight, made, inputs: inputs)
        #expect(abs(result.outputError / error - 1) < 0.02, "\(result.outputError) \(error)")
        func rounded(_ rule: ScaleRule) -> Double {
            let plain = Quantized(
                bf16(weight, rows: outputs), WeightQuantizer(rule: rule, scales: NVFP4WeightScales(division: .cpu)))
            return outputError(x, weight, plain.dequantized, inputs: inputs).error
        }
        #expect(error < 0.5 * rounded(.max) && error < 0.5 * rounded(.sweep256), "\(error / energy)")
        // The report's error of weights is that of the bytes.
        let squared = zip(weight, made).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }
        #expect(abs(result.loss.squaredError / squared - 1) < 1e-4)
    }

    /// Inputs that never occur say nothing: their weights are kept and rounded to nearest. Uncorrelated inputs too.
    @Test func roundsToNearestWhatHasNoNeighbours() throws {
        let (outputs, inputs) = (8, 64)
        var x = [Float](repeating: 0, count: 64 * inputs)
        for row in 0..<48 { x[row * inputs + row] = 1 + Float(row) / 8 }
        let factor = try factor(x, inputs: inputs)
        #expect(factor.unseen == 16)
        let weight = weights(outputs, inputs, seed: 10)
        let plain = Quantized(
            bf16(weight, rows: outputs), WeightQuantizer(rule: .max, scales: NVFP4WeightScales(division: .cpu)))
        #expect(try round(weight, outputs: outputs, factor: factor).result.packed == plain.packed)
        let nothing = try self.factor([Float](repeating: 0, count: 3 * inputs), inputs: inputs)
        #expect(nothing.unseen == inputs)
        #expect(try round(weight, outputs: outputs, factor: nothing).result.packed == plain.packed)
    }
}
