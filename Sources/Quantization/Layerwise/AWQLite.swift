// awq-lite: the scale of every input channel of a weight, by trying eleven exponents. Knows one weight and its inputs, not
// where scales are folded.

import Checkpoint
import Compute
import Dispatch
import Foundation
import Numerics

/// Searches the scales of input channels as Model Optimizer's `awq_lite` does.
///
/// With a = mean |x| of a channel and b = the mean over outputs of |w| / largest |w| of its block, the scale is
/// a^alpha / b^(1 - alpha), between 1e-4 and 1e4, over the root of the product of the largest and smallest of all.
struct AWQLite {
    let quantizer: WeightQuantizer
    let products: Products

    struct Choice {
        /// Weights are multiplied by these, inputs divided.
        var scales: [Float]
        var alpha: Float
        /// Sum over rows and outputs of the squared error of the output, by alpha.
        var errors: [Double]
    }

    static let alphas: [Float] = (0...10).map { Float($0) / 10 }
    /// Outputs that are tried at once.
    private static let panel = 1024

    /// - Parameters:
    ///   - rows: inputs to measure on, `[rows, inputs]`.
    ///   - meanMagnitudes: mean |x| of each channel over all inputs.
    func search(_ weight: TensorView, rows: Tensor, meanMagnitudes: [Float]) throws(ComputeError) -> Choice {
        let shares = Self.shares(of: weight)
        var best: Choice?
        var errors: [Double] = []
        for alpha in Self.alphas {
            let scales = Self.scales(meanMagnitudes, shares, alpha: alpha)
            let error = try outputError(of: weight, scales: scales, rows: rows)
            errors.append(error)
            if error < best?.errors.last ?? .infinity {
                best = Choice(scales: scales, alpha: alpha, errors: [error])
            }
        }
        var choice = best ?? Choice(scales: shares.map { _ in 1 }, alpha: 0, errors: [])
        choice.errors = errors
        return choice
    }

    static func scales(_ means: [Float], _ shares: [Float], alpha: Float) -> [Float] {
        let scales = zip(means, shares).map { mean, share in
            let value = pow(mean, alpha) / (pow(share, 1 - alpha) + .leastNormalMagnitude)
            return min(max(value, 1e-4), 1e4)
        }
        let middle = ((scales.max() ?? 1) * (scales.min() ?? 1)).squareRoot()
        return scales.map { $0 / middle }
    }

    /// The mean over outputs of |w| / largest |w| of its block.
    static func shares(of weight: TensorView) -> [Float] {
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        let rows = WeightRows(weight)
        var sums = [Double](repeating: 0, count: rows.runs * inputs)
        sums.withUnsafeMutableBufferPointer { sums in
            // Each run adds up its own.
            nonisolated(unsafe) let sums = sums
            rows.forEachRun { run, index in
                run.forEachRow { _, values in
                    for block in stride(from: 0, to: inputs, by: NVFP4.blockSize) {
                        let largest = NVFP4Block(values + block).largest + .leastNormalMagnitude
                        for column in block..<block + NVFP4.blockSize {
                            sums[index * inputs + column] += Double(values[column].magnitude / largest)
                        }
                    }
                }
            }
        }
        return (0..<inputs).map { column in
            Float((0..<rows.runs).reduce(0) { $0 + sums[$1 * inputs + column] } / Double(max(outputs, 1)))
        }
    }

    /// The squared error of the output when the scaled weight is rounded; without scales, the squared output.
    func outputError(of weight: TensorView, scales: [Float]?, rows: Tensor) throws(ComputeError) -> Double {
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        let globalScale = scales.map { quantizer.globalScale(largest: weight.largest(columnScales: $0)) }
        let widened = WeightRows(weight)
        var sum = 0.0
        for start in stride(from: 0, to: outputs, by: Self.panel) {
            let count = min(Self.panel, outputs - start)
            let differences = Tensor.matrix(count, inputs)
            DispatchQueue.concurrentPerform(iterations: count) { row in
                let values = differences.pointer + row * inputs
                widened.widen(row: start + row, columns: 0..<inputs, into: values)
                if let scales, let globalScale { self.lose(values, inputs, scales: scales, globalScale: globalScale) }
            }
            let product = try products.multiply(rows, byTransposeOf: differences)
            for row in 0..<product.rows {
                var part: Float = 0
                let values = product.pointer + row * count
                for column in 0..<count { part += values[column] * values[column] }
                sum += Double(part)
            }
            withExtendedLifetime(product) {}
        }
        return sum
    }

    /// Replaces the weights of a row by what rounding them under the scales would change.
    private func lose(_ values: UnsafeMutablePointer<Float>, _ inputs: Int, scales: [Float], globalScale: Float) {
        scales.withUnsafeBufferPointer { scales in
            guard let scales = scales.baseAddress else { return }
            for block in stride(from: 0, to: inputs, by: NVFP4.blockSize) {
                let weights = NVFP4Block(values + block).values
                let factors = NVFP4Block(scales + block).values
                let scaled = NVFP4Block(weights * factors)
                let step = quantizer.scales.blockScale(largest: scaled.largest, globalScale: globalScale).float
                let change = scaled.dequantized(step: step * globalScale) / factors - weights
                for index in 0..<NVFP4.blockSize { values[block + index] = change[index] }
            }
        }
    }
}

extension TensorView {
    /// The largest |w * scale| of a finite matrix.
    fileprivate func largest(columnScales: [Float]) -> Float {
        let rows = WeightRows(self)
        let inputs = shape[1]
        var largest = [Float](repeating: 0, count: rows.runs)
        largest.withUnsafeMutableBufferPointer { largest in
            // Each run writes its own element.
            nonisolated(unsafe) let largest = largest
            rows.forEachRun { run, index in
                run.forEachRow { _, values in
                    var found: Float = 0
                    for column in 0..<inputs { found = max(found, (values[column] * columnScales[column]).magnitude) }
                    largest[index] = max(largest[index], found)
                }
            }
        }
        return largest.max() ?? 0
    }

    /// The matrix with rows and columns multiplied, in float32.
    func scaled(rows rowScales: [Float]?, columns columnScales: [Float]?) -> TensorView {
        let (outputs, inputs) = (shape[0], shape[1])
        let result = Tensor.matrix(outputs, inputs)
        WeightRows(self).forEachRun { run, _ in
            run.forEachRow { row, values in
                let factor = rowScales?[row] ?? 1
                let target = result.pointer + row * inputs
                if let columnScales {
                    for column in 0..<inputs { target[column] = values[column] * columnScales[column] * factor }
                } else {
                    for column in 0..<inputs { target[column] = values[column] * factor }
                }
            }
        }
        return TensorView(
            dtype: .f32, shape: shape, bytes: UnsafeRawBufferPointer(start: result.pointer, count: shape.count * 4),
            owner: result.storage)
    }
}
