import Compute
import Model
import TestSupport
import Testing

/// How far each precision moves the logits of the tiny NVFP4 checkpoint from float32, on every instruction set here.
struct PrecisionTests {
    @Test(arguments: InstructionSet.available)
    func narrowerActivationsMoveLogitsMore(isa: InstructionSet) throws {
        let model = try goldenModel("nvfp4")
        let inputs = try goldenTensors("llama/inputs.safetensors")
        var means: [Precision: Double] = [:]
        for precision in Precision.allCases {
            let backend = try CPUBackend(isa: isa, precision: precision)
            var (sum, count) = (0.0, 0)
            for prompt in LlamaGoldenTests.prompts where prompt != "long" {
                let view = try inputs.tensor(prompt + "#inputs_embeds")
                let x = Tensor(view.floats() ?? [], shape: view.shape)
                var decoder = try Decoder(
                    model, backend, tokens: x.rows, keyValueType: precision == .f32 ? .f32 : .bf16)
                let logits = try model.language.logits(decoder.hidden(x), on: backend).array()
                let expected = try goldenTensors("llama/nvfp4_w4a16.safetensors").floats(prompt + "#logits")
                for (a, b) in zip(logits.suffix(expected.count), expected) { sum += Double(abs(a - b)) }
                count += expected.count
            }
            means[precision] = sum / Double(count)
        }
        let found = Precision.allCases.compactMap { means[$0] }
        // f32, w4a16, w4a8, w4a4 in this order; logits span about 15.
        #expect(found == found.sorted())
        #expect(found[0] < 1e-5 && found[1] < 0.02 && found[2] < 0.05 && found[3] < 1)
    }
}
