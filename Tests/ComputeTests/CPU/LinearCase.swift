// A product with known operands, and its value in float64 with a bound on what float32 accumulation may add.

import Checkpoint
import Compute
import Foundation
import Numerics

/// SplitMix64.
struct TestRandom: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// About normal, with now and then a value far out.
    mutating func value() -> Float {
        let sum = (0..<4).reduce(Float(0)) { sum, _ in sum + Float.random(in: -1...1, using: &self) }
        return Int.random(in: 0..<50, using: &self) == 0 ? sum * 20 : sum
    }

    mutating func values(_ count: Int) -> [Float] { (0..<count).map { _ in value() } }
    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

enum TestFormat: String, CaseIterable, Sendable {
    case bf16, f16, f32, fp8, nvfp4

    /// A random weight of the format; `place` decides where its bytes lie.
    func weight(
        outputs: Int, inputs: Int, bias: Bool, random: inout TestRandom,
        place: (_ bytes: [UInt8], _ dtype: DType, _ shape: Shape) -> TensorView = {
            TensorView(copying: $0, dtype: $1, shape: $2)
        }
    ) -> Weight {
        let shape: Shape = [outputs, inputs]
        let matrix: StoredMatrix
        switch self {
        case .bf16:
            let bits = random.values(shape.count).map { BFloat16($0).bits }
            matrix = .dense(place(bits.withUnsafeBytes { Array($0) }, .bf16, shape))
        case .f16:
            let bits = random.values(shape.count).map { Float16($0).bitPattern }
            matrix = .dense(place(bits.withUnsafeBytes { Array($0) }, .f16, shape))
        case .f32:
            matrix = .dense(place(random.values(shape.count).withUnsafeBytes { Array($0) }, .f32, shape))
        case .fp8:
            let bytes = random.values(shape.count).map { E4M3(saturating: $0 * 16).bits }
            matrix = .fp8(place(bytes, .f8e4m3, shape), scale: 0.037, inputScale: nil)
        case .nvfp4:
            let scales = (0..<shape.count / 16).map { _ in
                E4M3(saturating: Float.random(in: 0...400, using: &random)).bits
            }
            matrix = .nvfp4(
                packed: place(random.bytes(shape.count / 2), .u8, [outputs, inputs / 2]),
                blockScales: place(scales, .f8e4m3, [outputs, inputs / 16]), globalScale: 0.00123, inputScale: 0.0021)
        }
        let offsets = bias ? Tensor(random.values(outputs), shape: [outputs]) : nil
        return Weight(name: "test.\(rawValue)", outputs: outputs, inputs: inputs, format: matrix, bias: offsets)
    }
}

/// Products by definition: operands rounded as the precision says, sums in float64.
struct ExactProduct {
    var values: [Double] = []
    /// Sums of the products' magnitudes, which rounding errors are relative to.
    var magnitudes: [Double] = []

    init(_ x: Tensor, _ weight: Weight, _ precision: Precision, _ isa: InstructionSet) {
        let w = Self.widened(weight).map(Double.init)
        let a = Self.rounded(x.array(), weight, precision, isa).map(Double.init)
        let bias = weight.bias?.array()
        for row in 0..<x.rows {
            for output in 0..<weight.outputs {
                var (sum, magnitude) = (0.0, 0.0)
                for k in 0..<weight.inputs {
                    let product = a[row * weight.inputs + k] * w[output * weight.inputs + k]
                    sum += product
                    magnitude += product.magnitude
                }
                let offset = Double(bias?[output] ?? 0)
                values.append(sum + offset)
                magnitudes.append(magnitude + offset.magnitude)
            }
        }
    }

    /// float32 elements; fp8 and NVFP4 with every scale in them, rounded to float32 once as the formats define it.
    static func widened(_ weight: Weight) -> [Float] {
        switch weight.format {
        case .dense(let view): view.floats() ?? []
        case .fp8(let view, let scale, _): (view.floats() ?? []).map { $0 * scale }
        case .nvfp4(let packed, let scales, let globalScale, _):
            NVFP4.dequantize(packed: packed.bytes, scales: scales.bytes, globalScale: globalScale)
        }
    }

    static func rounded(
        _ x: [Float], _ weight: Weight, _ precision: Precision, _ isa: InstructionSet
    ) -> [Float] {
        switch (precision, weight.format) {
        case (.f32, _):
            return x
        case (_, .dense(let view)) where view.dtype != .bf16:
            return x
        case (.w4a16, .nvfp4) where isa == .avx2:
            return stride(from: 0, to: x.count, by: 16).flatMap { start -> [Float] in
                let block = Int16Block(quantizing: x[start..<start + 16])
                return block.codes.map { Float($0) * block.scale }
            }
        case (.w4a8, .nvfp4):
            return stride(from: 0, to: x.count, by: 16).flatMap { start -> [Float] in
                let block = Int8Block(quantizing: x[start..<start + 16])
                return block.codes.map { Float($0) * block.scale }
            }
        case (.w4a4, .nvfp4(_, _, _, let inputScale)):
            return stride(from: 0, to: x.count, by: 16).flatMap { start -> [Float] in
                let block = NVFP4.quantizeActivation(x[start..<start + 16], inputScale: inputScale ?? 1)
                return block.codes.map { E2M1(code: $0).float * block.scale.float * (inputScale ?? 1) }
            }
        default:
            return x.map { BFloat16($0).float }
        }
    }

    /// The largest number of roundings on the way of one product into the sum: those in its block, along its chain,
    /// where lanes meet (at most 16 additions), for the two factors and the bias; and 3 for the operands that this
    /// definition rounds to float32 and the kernels leave exact.
    static func roundings(inputs: Int, _ isa: InstructionSet, _ precision: Precision, _ weight: Weight) -> Int {
        let lanes =
            switch isa {
            case .scalar: 4
            case .avx2: 8
            case .avx512, .amx: 16
            }
        func chain(_ share: Int, each: Int) -> Int { (inputs + share - 1) / share * each }
        let widened = chain(lanes, each: 2)
        let sum =
            switch (weight.format, precision, isa) {
            case (_, .f32, _): widened
            case (.nvfp4, .w4a16, .avx512): 16 + chain(256, each: 1)  // a block: 8 times 2 roundings
            case (.nvfp4, .w4a16, .avx2): 1 + chain(128, each: 1)
            case (.nvfp4, .w4a8, .scalar), (.nvfp4, .w4a4, .scalar): 1 + chain(16, each: 2)
            case (.nvfp4, .w4a8, _), (.nvfp4, .w4a4, _): 1 + chain(16 * lanes, each: 1)
            case (.dense(let view), _, .avx512) where view.dtype == .bf16: chain(32, each: 2)
            case (.fp8, _, .avx512): chain(32, each: 2)
            case (.nvfp4, .w4a16, .amx), (.fp8, _, .amx): 16 + 1 + chain(32, each: 1)
            case (.dense(let view), _, .amx) where view.dtype == .bf16: 16 + 1 + chain(32, each: 1)
            default: widened
            }
        return sum + 16 + 3 + 3
    }

    /// Indices where `found` is further from the exact value than its roundings allow.
    func violations(
        _ found: Tensor, _ isa: InstructionSet, _ precision: Precision, _ weight: Weight, extraRoundings: Int = 0
    ) -> [Int] {
        let roundings = Self.roundings(inputs: weight.inputs, isa, precision, weight) + extraRoundings
        let unit = 0x1p-24 * Double(roundings) * 1.001
        return found.array().enumerated().compactMap { index, value in
            abs(Double(value) - values[index]) <= unit * magnitudes[index] + 1e-30 ? nil : index
        }
    }
}
