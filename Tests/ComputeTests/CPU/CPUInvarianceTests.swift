import Compute
import Foundation
import Numerics
import Testing

/// A row's bits depend on its inputs alone: not on threads, other rows, chunks of a prefill or page numbers.
@Suite struct CPUInvarianceTests {
    /// Attention's kernels depend on both.
    struct Kind: Sendable, CustomTestStringConvertible {
        let isa: InstructionSet
        let precision: Precision
        var testDescription: String { "\(isa.rawValue) \(precision.rawValue)" }

        static let all =
            InstructionSet.available.map { Kind(isa: $0, precision: .f32) }
            + InstructionSet.available.filter { $0 == .amx }.map { Kind(isa: $0, precision: .w4a16) }
    }

    private func cpu(_ threads: Int, _ isa: InstructionSet) throws -> CPUBackend {
        try CPUBackend(threads: threads, isa: isa, precision: .f32)
    }

    private func cpu(_ threads: Int, _ kind: Kind) throws -> CPUBackend {
        try CPUBackend(threads: threads, isa: kind.isa, precision: kind.precision)
    }

    @Test(arguments: InstructionSet.available) func rowsAloneAndTogether(isa: InstructionSet) throws {
        let alone = try cpu(1, isa)
        let together = try cpu(3, isa)
        var random = TestRandom(1)
        let (rows, columns) = (70, 1283)
        let (x, y) = (random.tensor([rows, columns]), random.tensor([rows, columns]))
        let (weight, bias) = (random.tensor([columns]), random.tensor([columns]))
        let operations: [@Sendable (CPUBackend, Tensor, Tensor) throws -> Tensor] = [
            { backend, x, _ in try backend.rmsNorm(x, weight: weight, epsilon: 1e-5) },
            { backend, x, _ in try backend.layerNorm(x, weight: weight, bias: bias, epsilon: 1e-6) },
            { backend, x, _ in try backend.gelu(x) },
            { backend, x, y in try backend.swiGLU(gate: x, up: y) },
            { backend, x, y in try backend.add(x, y) },
        ]
        for operation in operations {
            let all = try bits(operation(together, x, y))
            for row in [0, 1, 37, 69] {
                let one = try operation(alone, alone.rows(x, [row]), alone.rows(y, [row]))
                #expect(bits(one) == Array(all[row * columns..<(row + 1) * columns]))
            }
        }
    }

    @Test(arguments: Kind.all) func segmentsAloneAndTogether(kind: Kind) throws {
        var random = TestRandom(2)
        let (tokens, heads, headDim) = (197, 3, 80)
        let qkv = random.tensor([3 * tokens, 3 * heads * headDim])
        let all = try bits(cpu(3, kind).attention(qkv: qkv, heads: heads, segments: 3))
        let alone = try cpu(1, kind)
        for segment in 0..<3 {
            let part = try alone.rows(qkv, Array(segment * tokens..<(segment + 1) * tokens))
            let one = try bits(alone.attention(qkv: part, heads: heads, segments: 1))
            #expect(one == Array(all[segment * one.count..<(segment + 1) * one.count]))
        }
    }

    /// 1,400 tokens: three chunks of 512 positions, so that decode shares them between members.
    @Test(arguments: Kind.all, [DType.f32, .bf16, .f8e4m3])
    func prefillInAnyChunksOnAnyPages(kind: Kind, dtype: DType) throws {
        let sequence = Sequence(tokens: 1_400, heads: 4, kvHeads: 2, headDim: 32, dtype: dtype)
        let whole = try sequence.run(cpu(1, kind), chunks: [1_400], pageSeed: 1)
        let chunked = try sequence.run(cpu(2, kind), chunks: [1, 15, 16, 17, 463, 512, 376], pageSeed: 2)
        #expect(chunked == whole)
        let decoded = try sequence.run(
            cpu(3, kind), chunks: [500, 6] + Array(repeating: 1, count: 894), pageSeed: 3)
        #expect(decoded == whole)
    }

    /// Groups of 1, 3, 5, 8 and 80 query heads a key-value head fill tiles differently.
    @Test(arguments: Kind.all, [1, 3, 5, 8, 80])
    func groupsOfAnySize(kind: Kind, group: Int) throws {
        let sequence = Sequence(tokens: 150, heads: 2 * group, kvHeads: 2, headDim: 24, dtype: .bf16)
        let whole = try sequence.run(cpu(2, kind), chunks: [150], pageSeed: 1)
        let decoded = try sequence.run(
            cpu(1, kind), chunks: Array(repeating: 1, count: 150), pageSeed: 2)
        #expect(decoded == whole)
    }

    @Test(arguments: Kind.all) func sequencesOfOneStepDoNotMeet(kind: Kind) throws {
        let (heads, headDim) = (2, 16)
        var random = TestRandom(5)
        let pages = try KVPages(layers: 1, kvHeads: 1, headDim: headDim, pages: 16, dtype: .bf16)
        let other = try KVPages(layers: 1, kvHeads: 1, headDim: headDim, pages: 16, dtype: .bf16)
        let backend = try cpu(2, kind)
        let q = random.tensor([60, heads * headDim])
        let (k, v) = (random.tensor([60, headDim]), random.tensor([60, headDim]))
        let together = try backend.cachedAttention(
            q: q, k: k, v: v, heads: heads, pages: pages, layer: 0,
            spans: [
                SequenceSpan(rows: 20..<60, start: 0, pages: [9, 3, 4]),
                SequenceSpan(rows: 0..<20, start: 0, pages: [1, 0]),
            ])
        let rows = Array(20..<60)
        let alone = try backend.cachedAttention(
            q: backend.rows(q, rows), k: backend.rows(k, rows), v: backend.rows(v, rows), heads: heads, pages: other,
            layer: 0, spans: [SequenceSpan(rows: 0..<40, start: 0, pages: [0, 1, 2])])
        #expect(try bits(backend.rows(together, rows)) == bits(alone))
    }

    /// What a page held before must not be seen, not even as a NaN times zero.
    @Test(arguments: Kind.all, [DType.f32, .bf16]) func staleContentsNeverEnter(kind: Kind, dtype: DType) throws {
        let sequence = Sequence(tokens: 77, heads: 4, kvHeads: 1, headDim: 16, dtype: dtype)
        let clean = try sequence.run(cpu(1, kind), chunks: [70, 7], pageSeed: 1)
        let stale = try sequence.run(cpu(1, kind), chunks: [70, 7], pageSeed: 1, stale: .nan)
        #expect(clean == stale)
    }

    @Test(.enabled(if: InstructionSet.available.contains(.avx512), "needs AVX-512"))
    func vectorKernelsAgreeToTheBit() throws {
        let (narrow, wide) = (try cpu(1, .avx2), try cpu(1, .avx512))
        for dtype in [DType.f32, .bf16, .f8e4m3] {
            let sequence = Sequence(tokens: 200, heads: 6, kvHeads: 2, headDim: 80, dtype: dtype)
            #expect(
                try sequence.run(narrow, chunks: [199, 1], pageSeed: 1)
                    == sequence.run(wide, chunks: [199, 1], pageSeed: 1))
        }
        var random = TestRandom(3)
        let x = random.tensor([3, 1280], scale: 4)
        let weight = random.tensor([1280])
        #expect(try bits(narrow.gelu(x)) == bits(wide.gelu(x)))
        #expect(try bits(narrow.swiGLU(gate: x, up: x)) == bits(wide.swiGLU(gate: x, up: x)))
        #expect(
            try bits(narrow.layerNorm(x, weight: weight, bias: weight, epsilon: 1e-6))
                == bits(wide.layerNorm(x, weight: weight, bias: weight, epsilon: 1e-6)))
    }

    /// One sequence whose queries, keys and values are fixed, run in chunks of choice.
    private struct Sequence {
        let tokens: Int
        let heads: Int
        let kvHeads: Int
        let headDim: Int
        let dtype: DType

        func run(_ backend: CPUBackend, chunks: [Int], pageSeed: UInt64, stale: Float? = nil) throws -> [UInt32] {
            var random = TestRandom(4)
            let q = random.tensor([tokens, heads * headDim], scale: 1.5)
            let k = random.tensor([tokens, kvHeads * headDim], scale: 1.5)
            let v = random.tensor([tokens, kvHeads * headDim])
            let count = (tokens + 15) / 16 + 3
            let pages = try KVPages(
                layers: 2, kvHeads: kvHeads, headDim: headDim, pages: count, dtype: dtype, keyScales: [1, 0.01],
                valueScales: [1, 0.02])
            if let stale {
                pages.base.assumingMemoryBound(to: Float.self).update(repeating: stale, count: pages.byteCount / 4)
            }
            var shuffling = TestRandom(pageSeed)
            let table = (0..<count).shuffled(using: &shuffling).map(Int32.init)
            var start = 0
            var result: [UInt32] = []
            for chunk in chunks {
                let rows = Array(start..<start + chunk)
                let span = SequenceSpan(rows: 0..<chunk, start: start, pages: table)
                result += try bits(
                    backend.cachedAttention(
                        q: backend.rows(q, rows), k: backend.rows(k, rows), v: backend.rows(v, rows), heads: heads,
                        pages: pages, layer: 1, spans: [span]))
                start += chunk
            }
            #expect(start == tokens)
            return result
        }
    }
}
