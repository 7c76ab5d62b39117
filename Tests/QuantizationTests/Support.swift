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
