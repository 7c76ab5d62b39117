import Compute
import Numerics
import Testing
import Training

/// Every backward operation of Reference against central differences, and of CPU against Reference.
///
/// The scalar is the sum of a result's elements times fixed random numbers, in double. Differences are of fourth order
/// with a step of 1/16: what float32 results lose and what the step cuts off stays under 2e-4 of the largest element.
struct OperationGradientTests {
    typealias Operation = @Sendable ([Tensor]) -> Differentiated

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let shapes: [Shape]
        let operation: Operation
        var testDescription: String { name }
    }

    static func plain(_ run: @escaping @Sendable ([Tensor], any Backend) throws -> Tensor) -> Operation {
        { tensors in Differentiated(nodes: tensors.map(\.node)) { try run(tensors, $0) } }
    }

    /// The first two tensors are a weight and its bias, the third its input.
    static let linear: Operation = { tensors in
        let layer = weight(tensors[0], bias: tensors[1])
        return Differentiated(nodes: [ObjectIdentifier(layer), tensors[1].node, tensors[2].node]) {
            try $0.linear(tensors[2], [layer])[0]
        }
    }

    /// One input into two weights: its gradient is the sum of both.
    static let fused: Operation = { tensors in
        let layers = [weight(tensors[0]), weight(tensors[1])]
        return Differentiated(nodes: layers.map { ObjectIdentifier($0) } + [tensors[2].node]) {
            let y = try $0.linear(tensors[2], layers)
            return try $0.swiGLU(gate: y[0], up: y[1])
        }
    }

    static let embed: Operation = { tensors in
        let table = weight(tensors[0])
        return Differentiated(nodes: [ObjectIdentifier(table)]) { try $0.embed([3, 0, 3, 5, 1, 3], table: table) }
    }

    static let causal: Operation = plain { tensors, backend in
        let pages = try KVPages(layers: 1, kvHeads: 2, headDim: 8, pages: 4, dtype: .f32)
        return try backend.cachedAttention(
            q: tensors[0], k: tensors[1], v: tensors[2], heads: 4, pages: pages, layer: 0,
            spans: [.init(rows: 0..<18, start: 0, pages: [2, 0]), .init(rows: 18..<23, start: 0, pages: [1])])
    }

    static let cases: [Case] = [
        Case(name: "embed", shapes: [[7, 6]], operation: embed),
        Case(name: "linear", shapes: [[5, 12], [5], [7, 12]], operation: linear),
        Case(name: "linear of two weights and swiGLU", shapes: [[6, 9], [6, 9], [4, 9]], operation: fused),
        Case(
            name: "rmsNorm", shapes: [[70, 9], [9]],
            operation: plain {
                try $1.rmsNorm($0[0], weight: $0[1], epsilon: 1e-5)
            }),
        Case(
            name: "layerNorm", shapes: [[70, 9], [9], [9]],
            operation: plain {
                try $1.layerNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 1e-6)
            }),
        Case(name: "gelu", shapes: [[6, 11]], operation: plain { try $1.gelu($0[0]) }),
        Case(
            name: "swiGLU", shapes: [[6, 11], [6, 11]],
            operation: plain {
                try $1.swiGLU(gate: $0[0], up: $0[1])
            }),
        Case(name: "add", shapes: [[3, 5], [3, 5]], operation: plain { try $1.add($0[0], $0[1]) }),
        Case(name: "add to itself", shapes: [[3, 5]], operation: plain { try $1.add($0[0], $0[0]) }),
        Case(
            name: "rope", shapes: [[5, 24]],
            operation: plain {
                try $1.rope(
                    $0[0], headDim: 12, positions: [0, 1, 2, 0, 9], frequencies: [1, 0.5, 0.2, 0.1, 0.01, 0.001])
            }),
        Case(
            name: "attention", shapes: [[10, 48]],
            operation: plain {
                try $1.attention(qkv: $0[0], heads: 2, segments: 2)
            }),
        Case(name: "cachedAttention", shapes: [[23, 32], [23, 16], [23, 16]], operation: causal),
        Case(
            name: "assembleTokens", shapes: [[8, 5], [4, 5], [3, 5]],
            operation: plain {
                try $1.assembleTokens(patches: $0[0], positions: $0[1], prefix: $0[2])
            }),
        Case(
            name: "pixelShuffle", shapes: [[38, 3]],
            operation: plain {
                try $1.pixelShuffle($0[0], prefix: 3, side: 4, transposed: false)
            }),
        Case(
            name: "pixelShuffle v1", shapes: [[19, 3]],
            operation: plain {
                try $1.pixelShuffle($0[0], prefix: 3, side: 4, transposed: true)
            }),
        Case(
            name: "replacingRows", shapes: [[6, 4], [2, 4]],
            operation: plain {
                try $1.replacingRows($0[0], at: [4, 1], with: $0[1])
            }),
        Case(name: "rows", shapes: [[6, 4]], operation: plain { try $1.rows($0[0], [5, 2, 2, 0]) }),
    ]

    @Test(arguments: cases)
    func referenceMatchesCentralDifferences(_ test: Case) throws {
        var numbers = Numbers(11)
        let tensors = test.shapes.map { numbers.tensor($0) }
        let found = try gradients(test, tensors, on: ReferenceBackend())
        let factors = try self.factors(test, tensors)
        func scalar(_ tensors: [Tensor]) throws -> Double {
            let y = try test.operation(tensors).run(ReferenceBackend())
            return zip(y.values, factors.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        for (index, tensor) in tensors.enumerated() {
            let largest = found[index].map(\.magnitude).max() ?? 0
            #expect(largest > 0)
            for _ in 0..<8 {
                let place = Int.random(in: 0..<tensor.shape.count, using: &numbers)
                func moved(_ distance: Float) throws -> Double {
                    var values = tensor.array()
                    values[place] += distance
                    var all = tensors
                    all[index] = Tensor(values, shape: tensor.shape)
                    return try scalar(all)
                }
                let step: Float = 0x1p-4
                let difference =
                    try (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * Double(step))
                let error = abs(Double(found[index][place]) - difference)
                #expect(error < 2e-4 * Double(largest), "argument \(index), element \(place)")
            }
        }
    }

    /// More rows, columns and places of a sum than the processor's kernels take at once, and none a multiple of theirs.
    static let manyBlocks: [Case] = [
        Case(name: "a deep linear", shapes: [[270, 70], [270], [301, 70]], operation: linear),
        Case(name: "a wide linear", shapes: [[20, 530], [20], [50, 530]], operation: linear),
        Case(
            name: "attention of long sequences", shapes: [[202, 180]],
            operation: plain { try $1.attention(qkv: $0[0], heads: 3, segments: 2) }),
        Case(
            name: "causal attention of long sequences", shapes: [[107, 96], [107, 48], [107, 48]],
            operation: plain {
                let pages = try KVPages(layers: 1, kvHeads: 2, headDim: 24, pages: 8, dtype: .f32)
                return try $1.cachedAttention(
                    q: $0[0], k: $0[1], v: $0[2], heads: 4, pages: pages, layer: 0,
                    spans: [
                        .init(rows: 0..<100, start: 0, pages: [0, 1, 2, 3, 4, 5, 6]),
                        .init(rows: 100..<107, start: 0, pages: [7]),
                    ])
            }),
    ]

    /// Float32 products and sums: within 2e-5 of the largest element of an argument's gradient.
    @Test(arguments: cases + manyBlocks)
    func cpuMatchesReference(_ test: Case) throws {
        var numbers = Numbers(12)
        let tensors = test.shapes.map { numbers.tensor($0) }
        let expected = try gradients(test, tensors, on: ReferenceBackend())
        for isa in InstructionSet.available {
            var first: [[Float]]?
            for threads in [1, 2] {
                let found = try gradients(test, tensors, on: CPUBackend(threads: threads, isa: isa, precision: .f32))
                for (found, expected) in zip(found, expected) {
                    #expect(relativeError(found, expected) < 2e-5, "\(isa)")
                }
                #expect(first == nil || first == found, "the same bits on \(threads) threads, \(isa)")
                first = found
            }
        }
    }

    /// Weights in the formats of the forward pass.
    @Test func inputGradientsOfRoundedWeightsMatchReference() throws {
        var numbers = Numbers(16)
        let (layer, dy) = (weight(numbers.tensor([33, 48])), numbers.tensor([5, 33]))
        let rounded = ForwardWeights(roundingToBFloat16: [layer]).weight(of: layer)
        let quantized = try ForwardWeights(
            quantizing: [(layer, .init(global: 1.5 / 2688, input: nil))], on: ReferenceBackend()
        ).weight(of: layer)
        for form in [rounded, quantized] {
            let expected = try ReferenceBackend().linearInputGradient(dy, form).array()
            #expect(expected != (try ReferenceBackend().linearInputGradient(dy, layer).array()))
            for isa in InstructionSet.available {
                let found = try CPUBackend(isa: isa, precision: .f32).linearInputGradient(dy, form).array()
                #expect(relativeError(found, expected) < 2e-5, "\(isa), \(form.format.formatName)")
            }
        }
    }

    @Test func noRowsGiveNoGradient() throws {
        let backend = try CPUBackend(precision: .f32)
        let (dy, x) = (Tensor([], shape: [0, 3]), Tensor([], shape: [0, 5]))
        #expect(try backend.linearWeightGradient(dy, x: x).array() == [Float](repeating: 0, count: 15))
        #expect(backend.columnSums(dy).array() == [0, 0, 0])
    }

    @Test func bfloat16ProductsMatchReferenceToTheirRounding() throws {
        var numbers = Numbers(13)
        let test = Case(name: "linear", shapes: [[33, 48], [33], [21, 48]], operation: Self.linear)
        let tensors = test.shapes.map { numbers.tensor($0) }
        let expected = try gradients(test, tensors, on: ReferenceBackend())
        let found = try gradients(test, tensors, on: CPUBackend(precision: .w4a16))
        for (found, expected) in zip(found, expected) {
            #expect(relativeError(found, expected) < 1e-2)
        }
    }

    /// Attention over an earlier step's tokens has no gradient here, and says so.
    @Test func continuedSequencesAreRefused() throws {
        var numbers = Numbers(14)
        let q = numbers.tensor([2, 8])
        let autodiff = Autodiff(ReferenceBackend(), parameters: [q.node])
        let pages = try KVPages(layers: 1, kvHeads: 1, headDim: 8, pages: 1, dtype: .f32)
        let y = try autodiff.cachedAttention(
            q: q, k: q, v: q, heads: 1, pages: pages, layer: 0, spans: [.init(rows: 0..<2, start: 3, pages: [0])])
        #expect(throws: ComputeError.self) { try autodiff.gradients(of: y, seed: y) }
    }

    /// The forward pass through a tape gives the backend's bits, and what no parameter touches is not recorded.
    @Test func frozenArgumentsHaveNoGradient() throws {
        var numbers = Numbers(15)
        let (x, y) = (numbers.tensor([3, 4]), numbers.tensor([3, 4]))
        let autodiff = Autodiff(ReferenceBackend(), parameters: [y.node])
        let sum = try autodiff.add(try autodiff.gelu(x), y)
        #expect(sum.array() == (try ReferenceBackend().add(try ReferenceBackend().gelu(x), y)).array())
        let gradients = try autodiff.gradients(of: sum, seed: x)
        #expect(gradients[x] == nil)
        #expect(gradients[y]?.array() == x.array())
        #expect(try autodiff.gradients(of: sum, seed: x)[y] == nil, "the tape was consumed")
    }

    private func factors(_ test: Case, _ tensors: [Tensor]) throws -> Tensor {
        var numbers = Numbers(99)
        return numbers.tensor(try test.operation(tensors).run(ReferenceBackend()).shape)
    }

    private func gradients(
        _ test: Case, _ tensors: [Tensor], on backend: any DifferentiableBackend
    ) throws -> [[Float]] {
        let differentiated = test.operation(tensors)
        let autodiff = Autodiff(backend, parameters: Set(differentiated.nodes))
        let y = try differentiated.run(autodiff)
        let gradients = try autodiff.gradients(of: y, seed: try factors(test, tensors))
        return try differentiated.nodes.map { try #require(gradients[$0]).array() }
    }
}
