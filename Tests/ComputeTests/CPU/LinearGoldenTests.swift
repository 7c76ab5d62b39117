import Checkpoint
import Compute
import Numerics
import TestSupport
import Testing

struct LinearGoldenTests {
    /// vLLM's own emulation sums in float32 too: at most one rounding for each input.
    @Test(arguments: InstructionSet.available, [(Precision.w4a16, "y_w4a16"), (.f32, "y_w4a16"), (.w4a4, "y_w4a4")])
    func equalsVLLMsEmulation(_ isa: InstructionSet, _ golden: (precision: Precision, key: String)) throws {
        let file = try SafetensorsFile(mapping: Goldens.file("nvfp4/linear_cases_layer0.safetensors"))
        let checkpoint = try SafetensorsFile(mapping: Goldens.file("ckpt/nvfp4/model.safetensors"))
        let kernels = LinearKernels(
            team: ThreadTeam(threads: 2), isa: isa, precision: golden.precision, pool: TensorPool())
        let layers = file.names.filter { $0.hasSuffix("#x") }.map { String($0.dropLast(2)) }
        #expect(layers.count == 7)
        for layer in layers {
            let path = "language_model.\(layer)"
            let packed = try checkpoint.tensor(path + ".weight")
            let weight = Weight(
                name: path, outputs: packed.shape[0], inputs: packed.shape[1] * 2,
                format: .nvfp4(
                    packed: packed, blockScales: try checkpoint.tensor(path + ".weight_scale"),
                    globalScale: try #require(try checkpoint.tensor(path + ".weight_scale_2").floats()?.first),
                    inputScale: try #require(try checkpoint.tensor(path + ".input_scale").floats()?.first)))
            let x = Tensor(try #require(try file.tensor(layer + "#x").floats()), shape: [6, weight.inputs])
            let expected = try #require(try file.tensor("\(layer)#\(golden.key)").floats())
            let y = try #require(try kernels.multiply(x, [weight]).first)
            var exact = ExactProduct(x, weight, golden.precision, isa)
            exact.values = expected.map(Double.init)
            let violations = exact.violations(y, isa, golden.precision, weight, extraRoundings: weight.inputs)
            #expect(violations.isEmpty, "\(layer): \(violations.prefix(5))")
        }
    }
}
