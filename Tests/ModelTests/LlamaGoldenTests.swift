import Checkpoint
import Compute
import Foundation
import Model
import Synchronization
import TestSupport
import Testing

/// The decoder against transformers in float32; bounds from the golden set's README (logits 2e-4, scale about 15).
struct LlamaGoldenTests {
    static let prompts = [
        "raw", "raw_code", "chat", "chat_sys_multi", "long", "img_wide", "img_tall", "img_square", "img_rgba",
        "img_gray",
        "two_images", "img_history",
    ]

    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func rotaryFrequenciesAndAnglesAreRight() throws {
        let goldens = try goldenTensors("llama/steps.safetensors")
        let frequencies = try goldenModel("bf16").language.frequencies.values
        #expect(distance(frequencies, try goldens.floats("rope_inv_freq")) < 1e-7)
    }

    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func everyStepOfAPromptIsRight() throws {
        let goldens = try goldenTensors("llama/steps.safetensors")
        let model = try goldenModel("bf16")
        let x = try inputs("chat")
        let seen = Mutex<[String: [Float]]>([:])
        let trace = Trace { name, value in seen.withLock { $0[name] = value.array() } }
        var decoder = try Decoder(model, ReferenceBackend(), tokens: x.rows)
        _ = try decoder.hidden(x, trace: trace)
        let found = seen.withLock { $0 }
        for name in [
            "hidden0", "layer0.input_layernorm", "layer0.self_attn.v_proj", "layer0.self_attn",
            "layer0.post_attention_layernorm", "layer0.mlp", "hidden1", "hidden2",
        ] {
            #expect(distance(try #require(found[name]), try goldens.floats("chat#" + name)) < 3e-5, "\(name)")
        }
    }

    /// Prompt logits and 32 greedy tokens for every prompt, with dense and with NVFP4 weights, single file and sharded.
    @Test(
        arguments: [
            ("bf16", "bf16_weights_f32_compute"), ("bf16-sharded", "bf16_weights_f32_compute"),
            ("nvfp4", "nvfp4_w4a16"), ("nvfp4-sharded", "nvfp4_w4a16"),
        ].filter { Goldens.has("ckpt/" + $0.0) })
    func logitsAndGreedyTokensAreRight(checkpoint: String, golden: String) throws {
        let goldens = try goldenTensors("llama/\(golden).safetensors")
        let model = try goldenModel(checkpoint)
        let backend = try CPUBackend(precision: .f32)
        for prompt in Self.prompts {
            let x = try inputs(prompt)
            var decoder = try Decoder(model, backend, tokens: x.rows + 32)
            var logits = try model.language.logits(decoder.hidden(x), on: backend)
            let expected = try goldens.floats(prompt + "#logits")
            #expect(distance(logits.array().suffix(expected.count), expected) < 2e-4, "\(prompt)")
            let steps = try goldens.floats(prompt + "#greedy_logits")
            let vocab = model.language.shape.vocabulary
            for step in 0..<32 {
                let row = Array(logits.array().suffix(vocab))
                let golden = steps[step * vocab..<(step + 1) * vocab]
                #expect(distance(row, golden) < 2e-4 && argmax(row) == argmax(golden), "\(prompt) token \(step)")
                if step < 31 { logits = try decoder.logits([argmax(golden)]) }
            }
        }
    }

    /// W4A4 in float32 around the quantised products. One flipped code moves a whole row, so rows are counted: the golden
    /// set's two references agree on all of these within 1e-5, and a port may flip single rows.
    @Test(.enabled(if: Goldens.full != nil, "needs the full golden set"))
    func w4a4LogitsAreRightRowByRow() throws {
        let goldens = try goldenTensors("llama/nvfp4_w4a4.safetensors")
        let model = try goldenModel("nvfp4")
        let backend = try CPUBackend(precision: .w4a4)
        let exact = try CPUBackend(precision: .f32)
        let vocab = model.language.shape.vocabulary
        for prompt in Self.prompts {
            let x = try inputs(prompt)
            var decoder = try Decoder(model, backend, tokens: x.rows)
            let logits = try model.language.logits(decoder.hidden(x), on: exact).array()
            let expected = try goldens.floats(prompt + "#logits")
            let rows = expected.count / vocab
            let flipped = (0..<rows).filter { row in
                let (a, b) = (logits.suffix(expected.count).dropFirst(row * vocab).prefix(vocab), row * vocab)
                return distance(a, expected[b..<b + vocab]) > 1e-3
            }
            #expect(flipped.count * 10 <= rows, "\(prompt): rows \(flipped) of \(rows)")
        }
    }

    @Test(
        .enabled(if: Goldens.full != nil, "needs the full golden set"),
        arguments: ["img_wide", "img_tall", "img_square", "img_rgba", "img_gray", "two_images", "img_history"])
    func imagePromptsFromPixelsAreRight(prompt: String) throws {
        let inputs = try goldenTensors("llama/inputs.safetensors")
        let tiles = try goldenTensors("preprocess/vllm_tiles.safetensors")
        let goldens = try goldenTensors("llama/bf16_align_corners_true.safetensors")
        let model = try goldenModel("bf16", alignCorners: true)
        let backend = try CPUBackend(precision: .f32)
        let ids = try inputs.ids(prompt + "#input_ids")
        let imageToken = Int32(471)
        var rows = ids.indices.filter { ids[$0] == imageToken }
        var images: [(rows: [Int], embeddings: Tensor)] = []
        for name in try Self.images(of: prompt) {
            let view = try tiles.tensor(name)
            let embeddings = try model.embed(tiles: view.shape[0], pixels: Array(view.bytes), on: backend)
            images.append((Array(rows.prefix(embeddings.rows)), embeddings))
            rows.removeFirst(embeddings.rows)
        }
        #expect(rows.isEmpty)
        let x = try model.embed(ids, images: images, on: backend)
        var decoder = try Decoder(model, backend, tokens: x.rows)
        let logits = try model.language.logits(decoder.hidden(x), on: backend)
        let expected = try goldens.floats(prompt + "#logits")
        #expect(distance(logits.array().suffix(expected.count), expected) < 2e-4)
    }

    /// House rule: the same request gives the same bits, whatever the chunking and the number of threads.
    @Test(arguments: Precision.allCases)
    func chunksAndThreadsDoNotChangeABit(precision: Precision) throws {
        let model = try goldenModel("nvfp4")
        let ids = try goldenTensors("llama/inputs.safetensors").ids("long#input_ids")
        var expected: [Float]?
        for (threads, chunk) in [(1, ids.count), (2, ids.count), (1, 100), (2, 17), (3, 1)] {
            let backend = try CPUBackend(threads: threads, precision: precision)
            var decoder = try Decoder(model, backend, tokens: ids.count, keyValueType: precision == .f32 ? .f32 : .bf16)
            var last: [Float] = []
            for start in stride(from: 0, to: ids.count, by: chunk) {
                let part = Array(ids[start..<min(ids.count, start + chunk)])
                last = Array(try decoder.logits(part).array().suffix(model.language.shape.vocabulary))
            }
            if let expected {
                #expect(last.map(\.bitPattern) == expected.map(\.bitPattern), "\(threads) threads, chunks of \(chunk)")
            } else {
                expected = last
            }
        }
    }

    private func inputs(_ prompt: String) throws -> Tensor {
        let view = try goldenTensors("llama/inputs.safetensors").tensor(prompt + "#inputs_embeds")
        return Tensor(view.floats() ?? [], shape: view.shape)
    }

    private static func images(of prompt: String) throws -> [String] {
        let url = try Goldens.file("llama/bf16_weights_f32_compute.json")
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
        let prompts = json?["prompts"] as? [String: [String: Any]]
        return try #require(prompts?[prompt]?["images"] as? [String])
    }
}
