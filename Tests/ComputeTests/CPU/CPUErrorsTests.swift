import Checkpoint
import Compute
import Numerics
import Testing

/// What does not fit is refused with a message; nothing traps.
@Suite struct CPUErrorsTests {
    private func backend() throws -> CPUBackend { try CPUBackend(threads: 1, precision: .f32) }

    private func zeros(_ shape: Shape) -> Tensor { Tensor(Array(repeating: 0, count: shape.count), shape: shape) }

    @Test func shapesThatDoNotFit() throws {
        let backend = try backend()
        let x = zeros([2, 8])
        let operations: [(String, () throws -> Void)] = [
            ("norm of a vector", { _ = try backend.rmsNorm(zeros([8]), weight: zeros([8]), epsilon: 0) }),
            ("norm of a scalar", { _ = try backend.rmsNorm(zeros([]), weight: zeros([8]), epsilon: 0) }),
            ("norm weight", { _ = try backend.rmsNorm(x, weight: zeros([7]), epsilon: 0) }),
            ("bias", { _ = try backend.layerNorm(x, weight: zeros([8]), bias: zeros([9]), epsilon: 0) }),
            ("add", { _ = try backend.add(x, zeros([8, 2])) }),
            ("swiGLU", { _ = try backend.swiGLU(gate: x, up: zeros([2, 9])) }),
            ("positions", { _ = try backend.rope(x, headDim: 4, positions: [0], frequencies: [1, 1]) }),
            ("frequencies", { _ = try backend.rope(x, headDim: 4, positions: [0, 1], frequencies: [1]) }),
            ("head size 0", { _ = try backend.rope(x, headDim: 0, positions: [0, 1], frequencies: []) }),
            ("heads of 3", { _ = try backend.rope(x, headDim: 3, positions: [0, 1], frequencies: [1]) }),
            ("segments", { _ = try backend.attention(qkv: zeros([4, 24]), heads: 1, segments: 3) }),
            ("no segments", { _ = try backend.attention(qkv: zeros([4, 24]), heads: 1, segments: 0) }),
            ("no heads", { _ = try backend.attention(qkv: zeros([4, 24]), heads: 0, segments: 1) }),
            ("heads", { _ = try backend.attention(qkv: zeros([4, 24]), heads: 5, segments: 1) }),
            ("row", { _ = try backend.rows(x, [2]) }),
            ("negative row", { _ = try backend.rows(x, [-1]) }),
            ("replaced row", { _ = try backend.replacingRows(x, at: [5], with: zeros([1, 8])) }),
            ("replacement", { _ = try backend.replacingRows(x, at: [0], with: zeros([1, 9])) }),
            ("odd grid", { _ = try backend.pixelShuffle(zeros([9, 4]), prefix: 0, side: 3, transposed: false) }),
            ("no grid", { _ = try backend.pixelShuffle(zeros([9, 4]), prefix: 0, side: 0, transposed: false) }),
            ("huge grid", { _ = try backend.pixelShuffle(x, prefix: 0, side: .max - 1, transposed: false) }),
            ("tiles", { _ = try backend.pixelShuffle(zeros([9, 4]), prefix: 1, side: 2, transposed: false) }),
            (
                "width",
                { _ = try backend.assembleTokens(patches: x, positions: zeros([2, 7]), prefix: zeros([1, 8])) }
            ),
            (
                "table",
                { _ = try backend.assembleTokens(patches: x, positions: zeros([3, 8]), prefix: zeros([1, 8])) }
            ),
            ("pixels", { _ = try backend.patchify([1, 2], tiles: 1, side: 16, patch: 16, mean: m, std: m) }),
            ("patch 0", { _ = try backend.patchify([], tiles: 0, side: 16, patch: 0, mean: m, std: m) }),
            ("side", { _ = try backend.patchify([], tiles: .max, side: .max - 15, patch: 16, mean: m, std: m) }),
            ("means", { _ = try backend.patchify([], tiles: 0, side: 16, patch: 16, mean: [], std: m) }),
        ]
        for (name, operation) in operations {
            let error = #expect(throws: ComputeError.self, "\(name)") { try operation() }
            if case .shape = error {} else { Issue.record("\(name): \(String(describing: error))") }
        }
    }

    private let m: [Float] = [0.5, 0.5, 0.5]

    @Test func embeddingsOutsideTheTable() throws {
        let backend = try backend()
        let view = TensorView(copying: [UInt16](repeating: 0, count: 12), dtype: .bf16, shape: [3, 4])
        let table = Weight(name: "model.embed_tokens", outputs: 3, inputs: 4, format: .dense(view))
        for id: Int32 in [3, -1, .max, .min] {
            let error = #expect(throws: ComputeError.self) { try backend.embed([0, id], table: table) }
            #expect(error?.description.contains("model.embed_tokens") == true)
            #expect(error?.description.contains("below 3") == true)
        }
        let integers = TensorView(copying: [Int32](repeating: 0, count: 12), dtype: .i32, shape: [3, 4])
        let strange = Weight(name: "model.embed_tokens", outputs: 3, inputs: 4, format: .dense(integers))
        #expect(throws: ComputeError.self) { try backend.embed([0], table: strange) }
        let short = Weight(name: "model.embed_tokens", outputs: 4, inputs: 4, format: .dense(view))
        #expect(throws: ComputeError.self) { try backend.embed([3], table: short) }
        #expect(try backend.embed([], table: table).shape == [0, 4])
    }

    @Test func spansOutsideTheCache() throws {
        let backend = try backend()
        let pages = try KVPages(layers: 2, kvHeads: 2, headDim: 8, pages: 4, dtype: .bf16)
        let (q, kv) = (zeros([3, 32]), zeros([3, 16]))
        func run(_ span: SequenceSpan, heads: Int = 4, layer: Int = 0, q: Tensor? = nil, k: Tensor? = nil) throws {
            _ = try backend.cachedAttention(
                q: q ?? zeros([3, 32]), k: k ?? kv, v: kv, heads: heads, pages: pages, layer: layer, spans: [span])
        }
        let good = SequenceSpan(rows: 0..<3, start: 14, pages: [3, 0])
        try run(good)
        let spans = [
            SequenceSpan(rows: 1..<4, start: 0, pages: [0]), SequenceSpan(rows: 0..<3, start: -1, pages: [0]),
            SequenceSpan(rows: 0..<3, start: 14, pages: [0]), SequenceSpan(rows: 0..<3, start: 0, pages: [4]),
            SequenceSpan(rows: 0..<3, start: 0, pages: [-1]), SequenceSpan(rows: 0..<3, start: .max, pages: [0]),
            SequenceSpan(rows: -1..<2, start: 0, pages: [0]), SequenceSpan(rows: 0..<3, start: 0, pages: []),
        ]
        for span in spans { #expect(throws: ComputeError.self) { try run(span) } }
        #expect(throws: ComputeError.self) { try run(good, heads: 3) }
        #expect(throws: ComputeError.self) { try run(good, layer: 2) }
        #expect(throws: ComputeError.self) { try run(good, layer: -1) }
        #expect(throws: ComputeError.self) { try run(good, q: zeros([3, 31])) }
        #expect(throws: ComputeError.self) { try run(good, k: zeros([2, 16])) }
        #expect(
            try backend.cachedAttention(
                q: q, k: kv, v: kv, heads: 4, pages: pages, layer: 0, spans: []
            ).array().allSatisfy { $0 == 0 })
    }

    @Test func headsTooWide() throws {
        let backend = try backend()
        let error = #expect(throws: ComputeError.self) {
            try backend.attention(qkv: zeros([1, 3 * 257]), heads: 1, segments: 1)
        }
        #expect(error?.description.contains("257") == true)
    }

    @Test func instructionSetsThisMachineLacks() throws {
        for set in InstructionSet.allCases where !InstructionSet.available.contains(set) {
            #expect(throws: ComputeError.self) { try CPUBackend(isa: set, precision: .f32) }
        }
        #expect(try CPUBackend(isa: .scalar, precision: .f32).instructionSet == .scalar)
    }
}
