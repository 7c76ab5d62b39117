import Checkpoint
import Compute
import Numerics
import TestSupport
import Testing

private func kernels(_ isa: InstructionSet, _ precision: Precision, threads: Int = 1) -> LinearKernels {
    LinearKernels(team: ThreadTeam(threads: threads), isa: isa, precision: precision, pool: TensorPool())
}

/// rows, outputs, inputs
private let blockShapes = [
    (1, 1, 16), (1, 17, 48), (3, 5, 144), (5, 33, 256), (4, 16, 240), (7, 31, 272), (70, 19, 528), (13, 48, 1040),
    (2, 40, 4096),
]
private let denseShapes = blockShapes + [(1, 3, 1), (2, 20, 7), (9, 18, 33), (25, 5, 100)]

struct LinearKernelsTests {
    @Test(arguments: InstructionSet.available, Precision.allCases)
    func staysWithinTheBoundOfItsRoundings(_ isa: InstructionSet, _ precision: Precision) throws {
        var random = TestRandom(1)
        let kernels = kernels(isa, precision, threads: 2)
        for format in TestFormat.allCases {
            for (rows, outputs, inputs) in format == .nvfp4 ? blockShapes : denseShapes {
                let weight = format.weight(outputs: outputs, inputs: inputs, bias: outputs % 2 == 1, random: &random)
                let x = Tensor(random.values(rows * inputs), shape: [rows, inputs])
                let y = try #require(try kernels.multiply(x, [weight]).first)
                #expect(y.shape == [rows, outputs])
                let violations = ExactProduct(x, weight, precision, isa).violations(y, isa, precision, weight)
                #expect(violations.isEmpty, "\(format) [\(rows), \(inputs)] x \(outputs): \(violations.prefix(5))")
            }
        }
    }

    @Test(arguments: InstructionSet.available, Precision.allCases)
    func givesARowTheSameBitsInEveryCompanyAndOnEveryTeam(_ isa: InstructionSet, _ precision: Precision) throws {
        var random = TestRandom(2)
        for (format, inputs) in [(TestFormat.nvfp4, 2832), (.bf16, 771), (.fp8, 514), (.f16, 130), (.f32, 67)] {
            let rows = 70
            let weight = format.weight(outputs: 211, inputs: inputs, bias: true, random: &random)
            let values = random.values(rows * inputs)
            let x = Tensor(values, shape: [rows, inputs])
            let all = try #require(try kernels(isa, precision).multiply(x, [weight]).first).array()
            for threads in [2, 3, 7] {
                let team = try #require(try kernels(isa, precision, threads: threads).multiply(x, [weight]).first)
                #expect(team.array() == all, "\(format), \(threads) threads")
            }
            for chunk in [1, 2, 3, 4, 5, 7, 8, 12, 13, 30] {
                var chunked: [Float] = []
                for start in stride(from: 0, to: rows, by: chunk) {
                    let count = min(chunk, rows - start)
                    let part = Array(values[start * inputs..<(start + count) * inputs])
                    let y = try kernels(isa, precision, threads: 2).multiply(
                        Tensor(part, shape: [count, inputs]), [weight])
                    chunked += y.flatMap { $0.array() }
                }
                #expect(chunked == all, "\(format), \(chunk) rows at a time")
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func sharesOneInputAmongWeightsOfDifferentFormats(_ isa: InstructionSet) throws {
        var random = TestRandom(3)
        let formats: [TestFormat] = [.nvfp4, .bf16, .nvfp4, .f32, .fp8]
        let weights = formats.enumerated().map { index, format in
            format.weight(outputs: 16 * index + 3, inputs: 320, bias: false, random: &random)
        }
        for precision in Precision.allCases {
            for rows in [1, 9] {
                let x = Tensor(random.values(rows * 320), shape: [rows, 320])
                let kernels = kernels(isa, precision, threads: 2)
                let together = try kernels.multiply(x, weights)
                #expect(together.count == weights.count)
                for (weight, y) in zip(weights, together) {
                    #expect(try kernels.multiply(x, [weight]).first?.array() == y.array())
                }
            }
        }
    }

    @Test(arguments: InstructionSet.available, Precision.allCases)
    func readsNothingOutsideAWeightAtAnyAddress(_ isa: InstructionSet, _ precision: Precision) throws {
        var random = TestRandom(4)
        for format in TestFormat.allCases {
            for (inputs, outputs) in [(16, 1), (48, 3), (272, 17), (1072, 19)] {
                for end in [true, false] {
                    let weight = format.weight(
                        outputs: outputs, inputs: inputs, bias: false, random: &random,
                        place: { GuardedBytes.view($0, dtype: $1, shape: $2, atEnd: end) })
                    for rows in [1, 3, 20] {
                        let x = Tensor(random.values(rows * inputs), shape: [rows, inputs])
                        let y = try #require(try kernels(isa, precision).multiply(x, [weight]).first)
                        #expect(ExactProduct(x, weight, precision, isa).violations(y, isa, precision, weight).isEmpty)
                    }
                }
            }
        }
    }

    @Test(arguments: InstructionSet.available, Precision.allCases)
    func widensEveryCodeExactly(_ isa: InstructionSet, _ precision: Precision) throws {
        let one = Tensor([1], shape: [1, 1])
        let codes = Array(UInt8.min...UInt8.max)
        let fp8 = TensorView(copying: codes, dtype: .f8e4m3, shape: [256, 1])
        let half = TensorView(copying: Array(UInt16.min...UInt16.max), dtype: .f16, shape: [65536, 1])
        let formats: [(StoredMatrix, [Float])] = [
            (.fp8(fp8, scale: 0.5, inputScale: nil), codes.map { E4M3(bits: $0).float * 0.5 }),
            (.dense(half), half.floats() ?? []),
        ]
        for (format, expected) in formats {
            let weight = Weight(name: "codes", outputs: expected.count, inputs: 1, format: format)
            let y = try #require(try kernels(isa, precision).multiply(one, [weight]).first).array()
            #expect(zip(y, expected).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
        }
        // NVFP4: every code under every block scale, the sixteen codes picked out one by one; code 8 is -0.
        let packed = (0..<256).flatMap { _ in [0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE] as [UInt8] }
        let weight = Weight(
            name: "codes", outputs: 256, inputs: 16,
            format: .nvfp4(
                packed: TensorView(copying: packed, dtype: .u8, shape: [256, 8]),
                blockScales: TensorView(copying: codes, dtype: .f8e4m3, shape: [256, 1]), globalScale: 0.25,
                inputScale: 1.0 / 448))
        // 6 is a block's largest value that NVFP4 activations hold exactly under this input scale, with scale 448.
        let x = Tensor((0..<256).map { $0 / 16 == $0 % 16 ? 6 : 0 }, shape: [16, 16])
        let y = try #require(try kernels(isa, precision).multiply(x, [weight]).first).array()
        let exact = ExactProduct(x, weight, precision, isa).values
        for (found, expected) in zip(y, exact) {
            #expect(expected.isNaN ? found.isNaN : abs(Double(found) - expected) <= expected.magnitude * 0x1p-22)
        }
    }

    @Test(arguments: InstructionSet.available, Precision.allCases)
    func survivesActivationsThatAreNotNumbers(_ isa: InstructionSet, _ precision: Precision) throws {
        var random = TestRandom(5)
        for format in TestFormat.allCases {
            let weight = format.weight(outputs: 5, inputs: 32, bias: true, random: &random)
            for special in [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude] {
                var values = random.values(6 * 32)
                values[2 * 32 + 7] = special
                let y = try #require(
                    try kernels(isa, precision).multiply(Tensor(values, shape: [6, 32]), [weight]).first)
                // Only the row with the special value may be affected.
                let others = [0, 1, 3, 4, 5].flatMap { Array(y.array()[$0 * 5..<$0 * 5 + 5]) }
                #expect(others.allSatisfy { $0.isFinite })
            }
        }
    }

    @Test func refusesWhatDoesNotFit() throws {
        var random = TestRandom(6)
        let kernels = kernels(.scalar, .w4a4)
        let weight = TestFormat.nvfp4.weight(outputs: 2, inputs: 32, bias: false, random: &random)
        #expect { try kernels.multiply(Tensor(random.values(31), shape: [1, 31]), [weight]) } throws: {
            "\($0)" == "linear with test.nvfp4: input shape [1, 31], expected [rows, 32]"
        }
        let x = Tensor(random.values(24), shape: [1, 24])
        let view = TensorView(copying: [UInt8](repeating: 0, count: 24), dtype: .u8, shape: [2, 12])
        let odd = Weight(
            name: "odd", outputs: 2, inputs: 24,
            format: .nvfp4(packed: view, blockScales: view, globalScale: 1, inputScale: 1))
        #expect { try kernels.multiply(x, [odd]) } throws: { "\($0)".contains("24 inputs, expected a multiple of 16") }
        let wrong = Weight(name: "wrong", outputs: 2, inputs: 24, format: .dense(view))
        #expect { try kernels.multiply(x, [wrong]) } throws: {
            "\($0)" == "linear with wrong.weight: input shape [2, 12], expected [2, 24]"
        }
        let bytes = Weight(
            name: "bytes", outputs: 1, inputs: 12,
            format: .dense(TensorView(copying: [UInt8](repeating: 0, count: 12), dtype: .u8, shape: [1, 12])))
        #expect { try kernels.multiply(Tensor(random.values(12), shape: [1, 12]), [bytes]) } throws: {
            "\($0)".contains("its type is U8, expected BF16, F16, F32")
        }
        guard case .nvfp4(let packed, let scales, let global, _) = weight.format else { return }
        for (scale, words) in [(nil, "no plain.input_scale"), (0, "is 0.0"), (.nan, "is nan")] as [(Float?, String)] {
            let plain = Weight(
                name: "plain", outputs: 2, inputs: 32,
                format: .nvfp4(packed: packed, blockScales: scales, globalScale: global, inputScale: scale))
            #expect { try kernels.multiply(Tensor(random.values(32), shape: [1, 32]), [plain]) } throws: {
                "\($0)".contains(words)
            }
        }
        #expect(try kernels.multiply(Tensor([], shape: [0, 32]), [weight]).map(\.shape) == [[0, 2]])
    }

    @Test func tellsTheKernelAndWhyItIsNotTheFastest() throws {
        var random = TestRandom(7)
        let w4a16 = kernels(.scalar, .w4a16)
        let half = TestFormat.f16.weight(outputs: 2, inputs: 16, bias: false, random: &random)
        let block = TestFormat.nvfp4.weight(outputs: 2, inputs: 16, bias: false, random: &random)
        #expect(try w4a16.support(for: block).fastest == .no(reason: "scalar has no bf16 products"))
        #expect(try w4a16.support(for: half).fastest == .no(reason: "f16 weights are not exact in bf16"))
        #expect(try kernels(.scalar, .w4a8).support(for: block).fastest == .yes)
    }
}
