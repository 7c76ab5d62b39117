import Checkpoint
import Compute
import Foundation
import Numerics
import Testing

/// Each operation on each backend against Reference, with the error it may have.
@Suite struct BackendConformanceTests {
    /// `bound` is the largest difference allowed, over the largest magnitude of the result. A sum of n float32 products
    /// in p partial sums errs by a few 2^-24 times the square root of n/p: norms have p = 64, scores of cached keys 16,
    /// scores of a tile's keys 1, and a score's error is its weight's relative error. Exact moves have bound 0.
    struct Operation: Sendable, CustomTestStringConvertible {
        let name: String
        let bound: Float
        let run: @Sendable (any Backend, inout TestRandom) throws -> Tensor
        var testDescription: String { name }
    }

    static let rounding: Float = 0x1p-24

    static let operations: [Operation] =
        rowOperations + attentionOperations + movingOperations + embedOperations

    @Test(arguments: InstructionSet.available, operations)
    func equalsReference(isa: InstructionSet, operation: Operation) throws {
        let backend = try CPUBackend(threads: 2, isa: isa, precision: .f32)
        var random = TestRandom(7)
        let found = try operation.run(backend, &random)
        random = TestRandom(7)
        let expected = try operation.run(ReferenceBackend(), &random)
        let error = relativeError(found, expected)
        #expect(error <= operation.bound, "\(operation.name) on \(isa.rawValue): \(error / Self.rounding) roundings")
    }

    /// Queries, keys, weights and values are rounded to the eight bits of bf16.
    @Test(.enabled(if: InstructionSet.available.contains(.amx), "needs AMX"), arguments: attentionOperations)
    func attentionInTilesEqualsReference(operation: Operation) throws {
        var random = TestRandom(7)
        let found = try operation.run(CPUBackend(threads: 2, isa: .amx, precision: .w4a16), &random)
        random = TestRandom(7)
        let error = relativeError(found, try operation.run(ReferenceBackend(), &random))
        #expect(error <= 0x1p-6, "\(operation.name): \(error)")
    }

    @Test(arguments: operations)
    func nullHasTheShapesOfReference(operation: Operation) throws {
        var random = TestRandom(7)
        let found = try operation.run(NullBackend(), &random)
        random = TestRandom(7)
        #expect(found.shape == (try operation.run(ReferenceBackend(), &random)).shape)
    }

    static let rowOperations: [Operation] =
        [1, 16, 63, 80, 1280, 5120].flatMap { columns in
            [
                Operation(name: "rmsNorm \(columns)", bound: 8 * rounding) { backend, random in
                    try backend.rmsNorm(
                        random.tensor([3, columns]), weight: random.tensor([columns]), epsilon: 1e-5)
                },
                // An offset of 100 deviations: a variance from the mean of squares would be lost.
                Operation(name: "layerNorm \(columns)", bound: columns == 1 ? 0 : 200 * rounding) { backend, random in
                    let x = random.tensor([5, columns]).array().map { $0 + 100 }
                    return try backend.layerNorm(
                        Tensor(x, shape: [5, columns]), weight: random.tensor([columns]),
                        bias: random.tensor([columns]), epsilon: 1e-6)
                },
                Operation(name: "gelu \(columns)", bound: 3 * rounding) { backend, random in
                    try backend.gelu(random.tensor([7, columns], scale: 3))
                },
                Operation(name: "swiGLU \(columns)", bound: 4 * rounding) { backend, random in
                    try backend.swiGLU(
                        gate: random.tensor([7, columns], scale: 3), up: random.tensor([7, columns], scale: 3))
                },
                Operation(name: "add \(columns)", bound: 0) { backend, random in
                    try backend.add(random.tensor([7, columns]), random.tensor([7, columns]))
                },
            ]
        } + [
            Operation(name: "add many", bound: 0) { backend, random in
                try backend.add(random.tensor([100, 1001]), random.tensor([100, 1001]))
            }
        ]
        + [8, 16, 32, 80, 128].map { headDim in
            Operation(name: "rope \(headDim)", bound: 4 * rounding) { backend, random in
                // Llama's frequencies: positions to 16,383 and a first frequency of one radian a position.
                let frequencies = (0..<headDim / 2).map { Float(pow(500_000, -2 * Double($0) / Double(headDim))) }
                let positions: [Int32] = [0, 1, 2, 513, 8191, 16_383, 131_071]
                return try backend.rope(
                    random.tensor([7, 3 * headDim]), headDim: headDim, positions: positions, frequencies: frequencies)
            }
        }

    static let attentionOperations: [Operation] =
        [(8, 2, 1, 5), (16, 3, 2, 65), (20, 1, 1, 7), (32, 2, 1, 130), (64, 2, 3, 64), (80, 2, 2, 197), (256, 1, 1, 9)]
        .map { (headDim: Int, heads: Int, segments: Int, tokens: Int) in
            Operation(
                name: "attention \(heads) x \(headDim), \(segments) x \(tokens) tokens", bound: 32 * rounding
            ) { backend, random in
                try backend.attention(
                    qkv: random.tensor([segments * tokens, 3 * heads * headDim], scale: 1.5), heads: heads,
                    segments: segments)
            }
        }
        + [DType.f32, .bf16, .f8e4m3].flatMap { dtype in
            [(8, 2, 1), (16, 4, 2), (24, 3, 1), (32, 6, 2), (64, 8, 2), (128, 8, 1)].map { headDim, heads, kvHeads in
                Operation(
                    name: "cachedAttention \(heads)/\(kvHeads) x \(headDim) \(dtype.rawValue)", bound: 16 * rounding
                ) { backend, random in
                    try cachedAttention(
                        backend, &random, headDim: headDim, heads: heads, kvHeads: kvHeads, dtype: dtype)
                }
            }
        }

    /// Three sequences on scattered pages in three steps: prefill, a chunk that continues two of them, decode.
    private static func cachedAttention(
        _ backend: any Backend, _ random: inout TestRandom, headDim: Int, heads: Int, kvHeads: Int, dtype: DType
    ) throws -> Tensor {
        let pages = try KVPages(
            layers: 2, kvHeads: kvHeads, headDim: headDim, pages: 40, dtype: dtype, keyScales: [1, 0.013],
            valueScales: [1, 0.021])
        let order = (0..<40).shuffled(using: &random).map(Int32.init)
        let tables = [Array(order[0..<12]), Array(order[12..<18]), Array(order[18..<40])]
        var lengths = [0, 0, 0]
        var results: [Float] = []
        for counts in [[70, 3, 200], [90, 0, 17], [1, 1, 1]] {
            var spans: [SequenceSpan] = []
            var rows = 0
            for (sequence, count) in counts.enumerated() where count > 0 {
                spans.append(
                    SequenceSpan(rows: rows..<rows + count, start: lengths[sequence], pages: tables[sequence]))
                rows += count
                lengths[sequence] += count
            }
            let result = try backend.cachedAttention(
                q: random.tensor([rows, heads * headDim], scale: 1.5),
                k: random.tensor([rows, kvHeads * headDim], scale: 1.5),
                v: random.tensor([rows, kvHeads * headDim]), heads: heads, pages: pages, layer: 1, spans: spans)
            results += result.array()
        }
        return Tensor(results, shape: [results.count])
    }

    static let movingOperations: [Operation] = [
        Operation(name: "patchify", bound: 0) { backend, random in
            let pixels = (0..<2 * 3 * 48 * 48).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            return try backend.patchify(
                pixels, tiles: 2, side: 48, patch: 16, mean: [0.48145466, 0.4578275, 0.40821073],
                std: [0.26862954, 0.26130258, 0.27577711])
        },
        Operation(name: "assembleTokens", bound: 0) { backend, random in
            try backend.assembleTokens(
                patches: random.tensor([3 * 16, 24]), positions: random.tensor([16, 24]),
                prefix: random.tensor([5, 24]))
        },
        Operation(name: "pixelShuffle", bound: 0) { backend, random in
            try backend.pixelShuffle(random.tensor([3 * (5 + 36), 24]), prefix: 5, side: 6, transposed: false)
        },
        Operation(name: "pixelShuffle transposed", bound: 0) { backend, random in
            try backend.pixelShuffle(random.tensor([2 * 16, 8]), prefix: 0, side: 4, transposed: true)
        },
        Operation(name: "replacingRows", bound: 0) { backend, random in
            try backend.replacingRows(random.tensor([9, 33]), at: [8, 0, 3], with: random.tensor([3, 33]))
        },
        Operation(name: "rows", bound: 0) { backend, random in
            try backend.rows(random.tensor([9, 33]), [8, 8, 0])
        },
    ]

    static let embedOperations: [Operation] =
        denseEmbedOperations + [
            Operation(name: "embed fp8", bound: 0) { backend, _ in
                let codes = (0..<256).map { UInt8($0 & 0x7F == 0x7F ? 0 : $0) }
                let view = TensorView(copying: codes, dtype: .f8e4m3, shape: [8, 32])
                let format = StoredMatrix.fp8(view, scale: 0.37, inputScale: nil)
                return try backend.embed(
                    Array(0..<8), table: Weight(name: "embed_tokens", outputs: 8, inputs: 32, format: format))
            },
            Operation(name: "embed nvfp4", bound: 0) { backend, random in
                let packed = (0..<7 * 24).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                let scales = (0..<7 * 3).map { UInt8(1 + $0 * 6) }
                let format = StoredMatrix.nvfp4(
                    packed: TensorView(copying: packed, dtype: .u8, shape: [7, 24]),
                    blockScales: TensorView(copying: scales, dtype: .f8e4m3, shape: [7, 3]), globalScale: 0.0037,
                    inputScale: nil)
                return try backend.embed(
                    [6, 0, 3], table: Weight(name: "embed_tokens", outputs: 7, inputs: 48, format: format))
            },
        ]

    static let denseEmbedOperations = [DType.bf16, .f16, .f32].map { dtype in
        Operation(name: "embed \(dtype.rawValue)", bound: 0) { backend, random in
            var elements: [UInt8] = []
            for _ in 0..<37 * 40 {
                // Any pattern but infinities and NaN, whose exponents are all ones.
                let exponentBit: UInt64 = dtype == .f16 ? 0x0400 : dtype == .bf16 ? 0x0080 : 0x0080_0000
                let pattern = random.next() & ~exponentBit
                for byte in 0..<dtype.size { elements.append(UInt8(truncatingIfNeeded: pattern >> UInt64(8 * byte))) }
            }
            let view = TensorView(copying: elements, dtype: dtype, shape: [37, 40])
            let table = Weight(name: "embed_tokens", outputs: 37, inputs: 40, format: .dense(view))
            return try backend.embed([0, 36, 5, 5], table: table)
        }
    }
}
