import Checkpoint
import Compute
import Foundation
import Numerics
import TestSupport
import Training

/// SplitMix64: the same numbers everywhere.
struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func tensor(_ shape: Shape, in range: ClosedRange<Float> = -1.5...1.5) -> Tensor {
        Tensor((0..<shape.count).map { _ in Float.random(in: range, using: &self) }, shape: shape)
    }
}

/// A float32 weight over a tensor's own memory.
func weight(_ value: Tensor, bias: Tensor? = nil) -> Weight {
    Weight(
        name: "weight", outputs: value.rows, inputs: value.columns,
        format: .dense(TensorView(copying: value.array(), dtype: .f32, shape: value.shape)), bias: bias)
}

/// Largest difference over the largest expected magnitude.
func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    let scale = expected.map(\.magnitude).max() ?? 0
    return zip(found, expected).reduce(0) { $1.0.isNaN ? .infinity : max($0, ($1.0 - $1.1).magnitude) }
        / max(scale, .leastNormalMagnitude)
}

/// What an operation's gradients are checked with: a scalar of its result, and the parameters as tensors.
struct Differentiated {
    var nodes: [ObjectIdentifier]
    var run: (any Backend) throws -> Tensor
}

/// Figures of PyTorch 2.13 in float64 (AdamW: float32), on the tiny BF16 checkpoint.
struct Oracle: Decodable {
    let loss: Double
    let kl: Double
    let mse: Double
    /// Norm of a parameter's gradient, and its product with cos(0.37 i).
    let gradients: [String: [Double]]
    /// Six elements after each of six steps.
    let adamw: [[Float]]

    static func load() throws -> Oracle {
        let url = try Goldens.file("training/gradients.json")
        return try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: url))
    }

    /// The batch of the figures: a text, and a text around an image of two tiles.
    static func batch() throws -> Batch {
        let pixels = (0..<2 * 3 * 64 * 64).map { (i: Int) -> UInt8 in
            let value: Int = i * 37 + i / 64 * 11 + i * i / 97
            return UInt8(value % 256)
        }
        func tokens(_ count: Int, _ factor: Int, _ offset: Int) -> [Int32] {
            (0..<count).map { (i: Int) -> Int32 in Int32((factor * i + offset) % 440) }
        }
        func targets(_ tokens: [Int32], from first: Int) -> [Int32?] {
            Array(repeating: nil, count: first) + tokens.dropFirst(first).map { Optional($0) }
        }
        return try Batch([
            Batch.Example(ids: tokens(20, 7, 3), targets: targets(tokens(20, 5, 1), from: 4)),
            Batch.Example(
                ids: tokens(23, 11, 5), targets: targets(tokens(23, 13, 2), from: 13), tiles: 2, pixels: pixels,
                imageRows: Array(5..<13)),
        ])
    }

    static func teacher() -> Tensor {
        let values = (0..<26 * 512).map { (i: Int) -> Float in
            let angle: Double = 0.1 * Double(i / 512) + 0.07 * Double(i % 512)
            return Float(3 * sin(angle))
        }
        return Tensor(values, shape: [26, 512])
    }
}

/// The tiny BF16 checkpoint, all of whose tensors can be trained.
func tinyFolder() throws -> CheckpointFolder { try CheckpointFolder(at: Goldens.checkpoint("bf16")) }
