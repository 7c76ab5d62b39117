// awq-lite against its definition, and that folding scales leaves a model as it was.

import Checkpoint
import Compute
import Foundation
import Numerics
import TestSupport
import Testing

@testable import Quantization

struct AWQLiteTests {
    private let awq: AWQLite
    private let inputs = 96
    private let outputs = 40

    init() throws {
        awq = AWQLite(
            quantizer: WeightQuantizer(rule: .max, scales: NVFP4WeightScales(division: .cpu)),
            products: Products(on: try CPUBackend(precision: .f32)))
    }

    private func weights(seed: UInt64) -> [Float] {
        var random = SeededGenerator(state: seed)
        return (0..<outputs * inputs).map { _ in BFloat16(Float(random.normal() * 0.02)).float }
    }

    private func means(_ x: [Float]) -> [Float] {
        let rows = x.count / inputs
        return (0..<inputs).map { input in
            Float((0..<rows).reduce(0.0) { $0 + Double(x[$1 * inputs + input].magnitude) } / Double(rows))
        }
    }

    @Test func scalesAsDefined() {
        let weight = weights(seed: 1)
        let shares = AWQLite.shares(of: bf16(weight, rows: outputs))
        for input in [0, 17, 95] {
            var sum = 0.0
            for output in 0..<outputs {
                let block = weight[output * inputs + input / 16 * 16..<output * inputs + input / 16 * 16 + 16]
                let largest = block.reduce(0) { max($0, $1.magnitude) }
                sum += Double(weight[output * inputs + input].magnitude / largest)
            }
            #expect(abs(Double(shares[input]) - sum / Double(outputs)) < 1e-6)
        }
        let scales = AWQLite.scales([1, 16, 0], [0.5, 0.25, 1], alpha: 0.5)
        // 1.41421, 8 and 0, which becomes 1e-4; the middle is the root of 8e-4.
        let middle = Float(8e-4).squareRoot()
        for (found, expected) in zip(scales, [Float(2).squareRoot(), 8, 1e-4]) {
            #expect(abs(found / (expected / middle) - 1) < 1e-5)
        }
    }

    @Test func choosesTheSmallestOutputError() throws {
        for seed in UInt64(1)...3 {
            let x = correlatedRows(64, inputs: inputs, seed: seed)
            let weight = weights(seed: seed + 10)
            let view = bf16(weight, rows: outputs)
            let rows = Tensor(x, shape: [64, inputs])
            let choice = try awq.search(view, rows: rows, meanMagnitudes: means(x))
            #expect(choice.errors.count == 11)
            let place = try #require(AWQLite.alphas.firstIndex(of: choice.alpha))
            #expect(choice.errors[place] == choice.errors.min() && choice.errors[place] <= choice.errors[0])
            // The metric, measured from outside on what a file would hold.
            let scaled = view.scaled(rows: nil, columns: choice.scales)
            let quantized = Quantized(scaled, awq.quantizer)
            let made = quantized.dequantized.enumerated().map { $1 / choice.scales[$0 % inputs] }
            let (error, energy) = outputError(x, weight, made, inputs: inputs)
            #expect(abs(choice.errors[place] / error - 1) < 1e-3)
            let measured = try awq.outputError(of: view, scales: nil, rows: rows)
            #expect(abs(measured / energy - 1) < 1e-3)
        }
    }

    /// The columns behind a folded norm make up for exactly what the norm, rounded to bf16, became.
    @Test func foldsIntoANormWithoutRounding() {
        var random = SeededGenerator(state: 5)
        let norm = (0..<64).map { $0 == 3 ? 0 : BFloat16(Float(1 + 0.2 * random.normal())).float }
        let scales = (0..<64).map { $0 == 9 ? Float.infinity : Float(exp(random.normal())) }
        let folded = FoldedNorm(Tensor(norm, shape: [64]), inputScales: scales)
        let made = folded.weight.floats() ?? []
        for (index, weight) in norm.enumerated() {
            if index == 3 || index == 9 {
                #expect(made[index] == weight && folded.columnScales[index] == 1)
            } else {
                #expect(abs(made[index] / (weight * scales[index]) - 1) <= 0x1p-8)
                #expect(abs(made[index] * folded.columnScales[index] / weight - 1) <= 0x1p-22)
            }
        }
        #expect(FoldedNorm.unified([[1, 2], [0.5, 4]]) == [1.5, 0.375])
    }
}
