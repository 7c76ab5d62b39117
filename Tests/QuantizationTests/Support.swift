import Checkpoint
import Foundation
import Numerics
import Quantization

/// A bf16 matrix of these values, which must be exact in bf16 or are rounded to it.
func bf16(_ values: [Float], rows: Int) -> TensorView {
    TensorView(copying: values.map { BFloat16($0).bits }, dtype: .bf16, shape: [rows, values.count / rows])
}

/// A weight as a file holds it.
struct Quantized {
    let packed: [UInt8]
    let scales: [UInt8]
    let globalScale: Float
    let loss: WeightQuantizer.Loss

    /// - Parameter largest: what the global scale is made from: the weight's own largest magnitude unless given.
    init(_ weight: TensorView, _ quantizer: WeightQuantizer, largest: Float? = nil) {
        let largest = largest ?? (weight.floats() ?? []).reduce(0) { max($0, $1.magnitude) }
        globalScale = quantizer.globalScale(largest: largest)
        scales = quantizer.blockScales(of: weight, largest: largest)
        var bytes = [UInt8](repeating: 0, count: weight.shape.count / 2)
        let (scales, globalScale) = (scales, globalScale)
        loss = bytes.withUnsafeMutableBytes {
            quantizer.pack(weight, blockScales: scales, globalScale: globalScale, into: $0)
        }
        packed = bytes
    }

    var dequantized: [Float] { NVFP4.dequantize(packed: packed, scales: scales, globalScale: globalScale) }
}

extension TensorView {
    var array: [UInt8] { Array(bytes) }
}

/// Random numbers that are the same everywhere (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    /// In (0, 1).
    mutating func unit() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }
    mutating func normal() -> Double { (-2 * log(unit())).squareRoot() * cos(2 * .pi * unit()) }
}

/// Rows of correlated inputs: a few strong directions under noise, and channels of very different size.
func correlatedRows(_ rows: Int, inputs: Int, seed: UInt64) -> [Float] {
    var random = SeededGenerator(state: seed)
    let directions = (0..<8).map { _ in (0..<inputs).map { _ in random.normal() } }
    let sizes = (0..<inputs).map { _ in exp(0.8 * random.normal()) }
    return (0..<rows).flatMap { _ -> [Float] in
        let strengths = directions.map { _ in random.normal() }
        return (0..<inputs).map { input in
            var value = 0.3 * random.normal()
            for (direction, strength) in zip(directions, strengths) { value += direction[input] * strength }
            return BFloat16(Float(value * sizes[input])).float
        }
    }
}

/// Squared error of x (w - made)^T, and of x w^T, in double.
func outputError(_ x: [Float], _ weight: [Float], _ made: [Float], inputs: Int) -> (error: Double, energy: Double) {
    let outputs = weight.count / inputs
    var result = (error: 0.0, energy: 0.0)
    for row in 0..<x.count / inputs {
        for output in 0..<outputs {
            var (error, value) = (0.0, 0.0)
            for input in 0..<inputs {
                let (a, w) = (Double(x[row * inputs + input]), Double(weight[output * inputs + input]))
                error += a * (w - Double(made[output * inputs + input]))
                value += a * w
            }
            result.error += error * error
            result.energy += value * value
        }
    }
    return result
}
