// The weight quantiser against NVIDIA Model Optimizer, byte for byte, and against slow scalar arithmetic.

import Checkpoint
import Foundation
import Numerics
import Quantization
import TestSupport
import Testing

struct WeightQuantizerTests {
    /// Ten tensors quantised by Model Optimizer on a CPU, in the release before and after block scales were clamped.
    @Test(arguments: ["0.37.0", "0.47.0"])
    func equalsModelOptimizerByteForByte(version: String) throws {
        let golden = try SafetensorsFile(
            mapping: Goldens.file("nvfp4/quantizer_modelopt_\(version).safetensors"))
        let quantizer = WeightQuantizer(
            rule: .max, scales: NVFP4WeightScales(division: .cpu, rule: try CompatibleVersion(version).rule))
        let cases = golden.names.filter { $0.hasSuffix("#w") }.map { String($0.dropLast(2)) }
        #expect(cases.count == 10)
        for name in cases where name != "all_zero" {
            let weight = try golden.tensor(name + "#w")
            let globalScale = try #require(try golden.tensor(name + "#scale_2").floats()?.first)
            // Some cases force a scale that is not the tensor's own; every one is that of a bf16 magnitude.
            let largest = BFloat16(globalScale * 2688).float
            let found = Quantized(weight, quantizer, largest: largest)
            #expect(found.globalScale == globalScale, "\(name)")
            #expect(found.scales == (try golden.tensor(name + "#scale").array), "\(name)")
            #expect(found.packed == (try golden.tensor(name + "#packed").array), "\(name)")
            let expected = try #require(try golden.tensor(name + "#dequant").floats())
            // Model Optimizer returns the weight's own type.
            #expect(found.dequantized.map { BFloat16($0).float } == expected.map { BFloat16($0).float }, "\(name)")
        }
    }

    /// Model Optimizer divides zero by zero for a tensor of zeros and writes NaN scales, which no runtime survives.
    @Test(arguments: ScaleRule.allCases)
    func keepsZerosWhereModelOptimizerWritesNaN(rule: ScaleRule) throws {
        let golden = try SafetensorsFile(mapping: Goldens.file("nvfp4/quantizer_modelopt_0.47.0.safetensors"))
        #expect(try golden.tensor("all_zero#scale").array.allSatisfy { E4M3(bits: $0).isNaN })
        let quantizer = WeightQuantizer(rule: rule, scales: NVFP4WeightScales(division: .cpu))
        let found = Quantized(try golden.tensor("all_zero#w"), quantizer)
        #expect(found.globalScale == 1)
        #expect(found.scales.allSatisfy { $0 == 0x38 } && found.packed.allSatisfy { $0 == 0 })
        #expect(found.loss.relative == 0)
    }

    static let ties: [Float] = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, -0.25]
    static let settings = NVFP4WeightScales.Division.allCases.flatMap { division in
        [NVFP4WeightScales.Rule.sequential, .unclamped, .clamped].map {
            NVFP4WeightScales(division: division, rule: $0)
        }
    }

    @Test(arguments: settings)
    func roundsTiesToEvenCodes(scales: NVFP4WeightScales) {
        let quantizer = WeightQuantizer(rule: .max, scales: scales)
        let up = Quantized(bf16(Self.ties, rows: 1), quantizer)
        #expect(up.globalScale.bitPattern == 0x3B12_4925)
        #expect(up.scales == [0x7E] && up.packed == [0x00, 0x21, 0x22, 0x43, 0x44, 0x65, 0x66, 0x87])
        let down = Quantized(bf16(Self.ties.map { -$0 }, rows: 1), quantizer)
        #expect(down.packed == [0x80, 0xA9, 0xAA, 0xCB, 0xCC, 0xED, 0xEE, 0x0F])
    }

    @Test(arguments: settings)
    func givesBlocksOfZerosTheScaleOne(scales: NVFP4WeightScales) {
        let zeros = [Float](repeating: 0, count: 15)
        let found = Quantized(
            bf16([6] + zeros + [Float](repeating: -0.0, count: 16), rows: 1),
            WeightQuantizer(rule: .max, scales: scales))
        #expect(found.scales == [0x7E, 0x38])
        #expect(found.packed == [0x07] + [UInt8](repeating: 0, count: 15))
    }

    @Test(arguments: settings)
    func clampsTinyBlocksSince045(scales: NVFP4WeightScales) {
        let tiny = [Float](repeating: 6 * 0x1p-20, count: 16)
        let found = Quantized(
            bf16([6] + [Float](repeating: 0, count: 15) + tiny, rows: 1),
            WeightQuantizer(rule: .max, scales: scales))
        let clamps = scales.rule == .clamped
        #expect(found.scales == [0x7E, clamps ? 0x01 : 0x00])
        #expect(Array(found.packed[8...]) == [UInt8](repeating: clamps ? 0x33 : 0x77, count: 8))
        #expect(found.loss.lostBlocks == (clamps ? 0 : 1))
        // The codes under a scale of zero mean nothing: they decode to zero.
        #expect(found.dequantized[16...].allSatisfy { clamps ? $0 != 0 : $0 == 0 })
    }

    @Test(arguments: settings)
    func saturatesBeyondTheGlobalScale(scales: NVFP4WeightScales) {
        let found = Quantized(
            bf16([Float](repeating: 6, count: 16), rows: 1), WeightQuantizer(rule: .max, scales: scales), largest: 3)
        #expect(found.globalScale.bitPattern == 0x3A92_4925)
        #expect(found.scales == [0x7E] && found.packed == [UInt8](repeating: 0x77, count: 8))
    }

    /// One unit in the last place of the global scale moves a block's scale: which device made a checkpoint shows.
    @Test func dividesAsCPUOrMultipliesAsCUDA() {
        let row =
            [Float(1.21875)] + [Float](repeating: 0, count: 15) + (0..<16).map { 0.9140625 - 0.05859375 * Float($0) }
        var codes: [[UInt8]] = []
        for (division, bits, scale) in [
            (NVFP4WeightScales.Division.cpu, 0x39ED_B6DB as UInt32, 0x7B as UInt8), (.cuda, 0x39ED_B6DC, 0x7A),
        ] {
            let found = Quantized(
                bf16(row, rows: 1), WeightQuantizer(rule: .max, scales: NVFP4WeightScales(division: division)))
            #expect(found.globalScale.bitPattern == bits)
            #expect(found.scales[1] == scale)
            #expect(found.packed == scalarCodes(row, found))
            codes.append(found.packed)
        }
        #expect(codes[0] != codes[1])
    }

    @Test func knowsTheReciprocalsOfCUDA() {
        // PyTorch's float32 reciprocals of 2688, 448 and 6.
        let scales = NVFP4WeightScales(division: .cuda)
        for bits in stride(from: UInt16(0x3F80), to: 0x4000, by: 1) {
            let largest = BFloat16(bits: bits).float
            #expect(scales.globalScale(largest: largest) == largest * Float(bitPattern: 0x39C3_0C31))
            let old = NVFP4WeightScales(division: .cuda, rule: .sequential).globalScale(largest: largest)
            #expect(old == (largest * Float(bitPattern: 0x3E2A_AAAB)) * Float(bitPattern: 0x3B12_4925))
        }
        // Of the 128 bf16 mantissas, 28 differ from true division.
        let differing = (UInt16(0x3F80)..<0x4000).count {
            let largest = BFloat16(bits: $0).float
            return scales.globalScale(largest: largest) != largest / 2688
        }
        #expect(differing == 28)
    }

    /// The vector code against one element at a time, over sixteen orders of magnitude and all dense types.
    @Test(arguments: ScaleRule.allCases)
    func packsAsScalarArithmeticDoes(rule: ScaleRule) {
        var random = SeededGenerator(state: 5)
        let values = (0..<64 * 48).map { index in
            BFloat16(Float(random.normal() * pow(10, Double(index / 48 % 16) - 12))).float
        }
        let quantizer = WeightQuantizer(rule: rule, scales: NVFP4WeightScales(division: .cpu))
        let found = Quantized(bf16(values, rows: 64), quantizer)
        #expect(found.packed == scalarCodes(values, found))
        let same = Quantized(TensorView(copying: values, dtype: .f32, shape: [64, 48]), quantizer)
        #expect(same.packed == found.packed && same.scales == found.scales)
        let squared = zip(values, found.dequantized).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }
        #expect(abs(squared - found.loss.squaredError) <= 1e-5 * squared)
    }

    private func scalarCodes(_ values: [Float], _ found: Quantized) -> [UInt8] {
        let codes = values.enumerated().map { index, value in
            E2M1(saturating: value / (E4M3(bits: found.scales[index / 16]).float * found.globalScale)).code
        }
        return stride(from: 0, to: codes.count, by: 2).map { codes[$0] | codes[$0 + 1] << 4 }
    }

    @Test(arguments: ["0.33.1", "0.34", "0.35", "0.37.0", "0.44.9", "0.45.0", "1.0"])
    func knowsTheRuleOfARelease(version: String) throws {
        let rules: [String: NVFP4WeightScales.Rule] = [
            "0.33.1": .sequential, "0.34": .sequential, "0.35": .unclamped, "0.37.0": .unclamped, "0.44.9": .unclamped,
        ]
        #expect(try CompatibleVersion(version).rule == rules[version] ?? .clamped)
    }

    @Test(arguments: ["", "0", "0.x", "0.37.", "-1.2", "0.37.0.1", "0.99999999999999999999"])
    func refusesWhatIsNoRelease(version: String) {
        #expect(throws: QuantizationError.version(version)) { try CompatibleVersion(version) }
    }
}
