import Compute
import Numerics
import Testing

/// What is made while it is packed has the bits of what is made first.
@Suite struct LinearInputTests {
    @Test(arguments: InstructionSet.available, [Precision.f32, .w4a16, .w4a8, .w4a4])
    func equalsTheOperationThenTheProduct(isa: InstructionSet, precision: Precision) throws {
        let backend = try CPUBackend(threads: 3, isa: isa, precision: precision)
        var random = TestRandom(11)
        let inputs = 16 * 83
        // Two formats: the rows are packed twice.
        let weights = [
            TestFormat.nvfp4.weight(outputs: 40, inputs: inputs, bias: true, random: &random),
            TestFormat.bf16.weight(outputs: 33, inputs: inputs, bias: false, random: &random),
        ]
        let (gain, bias) = (random.tensor([inputs]), random.tensor([inputs]))
        for rows in [1, 2, 19, 70] {
            let (x, y) = (random.tensor([rows, inputs], scale: 2), random.tensor([rows, inputs], scale: 2))
            let cases: [LinearInput] = [
                .rows(x), .rmsNorm(x, weight: gain, epsilon: 1e-5),
                .layerNorm(x, weight: gain, bias: bias, epsilon: 1e-6), .gelu(x), .swiGLU(gate: x, up: y),
            ]
            for (index, input) in cases.enumerated() {
                let found = try backend.linear(input, weights)
                let expected = try backend.linear(input.rows(on: backend), weights)
                for (found, expected) in zip(found, expected) {
                    #expect(bits(found) == bits(expected), "case \(index), \(rows) rows")
                }
            }
        }
    }

    @Test func refusesShapesThatDoNotFit() throws {
        let backend = try CPUBackend(threads: 1, precision: .w4a16)
        var random = TestRandom(12)
        let weights = [TestFormat.nvfp4.weight(outputs: 16, inputs: 64, bias: false, random: &random)]
        let (x, narrow, vector) = (random.tensor([2, 64]), random.tensor([2, 48]), random.tensor([63]))
        for input in [
            LinearInput.rmsNorm(x, weight: vector, epsilon: 1e-5),
            .layerNorm(x, weight: vector, bias: vector, epsilon: 1e-5), .swiGLU(gate: x, up: narrow),
            .gelu(narrow), .gelu(vector),
        ] {
            #expect(throws: ComputeError.self) { try backend.linear(input, weights) }
        }
    }
}
