import Compute
import Foundation
import Numerics
import Testing

@Suite struct CPURowsTests {
    /// Two thousand numbers of each octave of float32 on both signs, the range of activations densely, special values.
    static let arguments: [Float] = {
        var values: [Float] = [0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
        for step in -30_000...30_000 { values.append(Float(step) * 0x1p-11) }
        for pattern in stride(from: UInt32(0), to: 0x7F80_0000, by: 4099) {
            values += [Float(bitPattern: pattern), -Float(bitPattern: pattern)]
        }
        return values
    }()

    /// Far from zero the exponential of half the square decides: torch's 1 + erf has no digit left there.
    @Test(arguments: InstructionSet.available) func geluWithinTenUnits(isa: InstructionSet) throws {
        let backend = try CPUBackend(threads: 1, isa: isa, precision: .f32)
        let x = Self.arguments
        let y = try backend.gelu(Tensor(x, shape: [x.count])).array()
        var worst = (error: 0.0, x: Float(0))
        for (x, y) in zip(x, y) {
            // x * erfc(-x / sqrt 2) / 2 does not cancel; -inf has the limit 0.
            let expected = x == -.infinity ? 0 : 0.5 * Double(x) * erfc(-Double(x) / 2.0.squareRoot())
            let error = ulps(y, expected)
            if !(error <= worst.error) { worst = (error, x) }
        }
        #expect(worst.error <= 10, "at \(worst.x)")
    }

    @Test(arguments: InstructionSet.available) func swiGLUWithinFourUnits(isa: InstructionSet) throws {
        let backend = try CPUBackend(threads: 1, isa: isa, precision: .f32)
        let x = Self.arguments.filter { $0 != -.infinity }
        let ones = Tensor(x.map { _ in 1 }, shape: [x.count])
        let y = try backend.swiGLU(gate: Tensor(x, shape: [x.count]), up: ones).array()
        var worst = (error: 0.0, x: Float(0))
        for (x, y) in zip(x, y) where x > -88 {  // below, e^-x leaves float32 and the result its normal numbers
            let error = ulps(y, Double(x) / (1 + exp(-Double(x))))
            if !(error <= worst.error) { worst = (error, x) }
        }
        #expect(worst.error <= 4, "at \(worst.x)")
        for (x, y) in zip(x, y) where x <= -88 { #expect(abs(y) < 1e-36) }
    }

    @Test(arguments: InstructionSet.available) func notANumberStaysVisible(isa: InstructionSet) throws {
        let backend = try CPUBackend(threads: 1, isa: isa, precision: .f32)
        let x = Tensor([1, .nan, 3], shape: [1, 3])
        let one = Tensor([1, 1, 1], shape: [3])
        #expect(try backend.gelu(x).array()[1].isNaN)
        #expect(try backend.swiGLU(gate: x, up: x).array()[1].isNaN)
        #expect(try backend.rmsNorm(x, weight: one, epsilon: 0).array().allSatisfy(\.isNaN))
        #expect(try backend.attention(qkv: x, heads: 1, segments: 1).array().count == 1)
    }

    @Test func rotaryAnglesBelongToTheirStep() throws {
        let backend = try CPUBackend(threads: 2, precision: .f32)
        let x = Tensor((0..<8).map(Float.init), shape: [2, 4])
        let frequencies: [Float] = [1, 0.01]
        for positions: [Int32] in [[0, 1], [5, 5], [5, 5], [16_383, 0]] {
            for frequencies in [frequencies, [0.5, 0.25]] {
                let found = try backend.rope(x, headDim: 4, positions: positions, frequencies: frequencies)
                let expected = try ReferenceBackend().rope(
                    x, headDim: 4, positions: positions, frequencies: frequencies)
                #expect(relativeError(found, expected) < 0x1p-22)
            }
        }
    }
}
