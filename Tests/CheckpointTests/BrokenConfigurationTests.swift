// One folder per way its JSON can be wrong: each ends in a message with file, key, found and expected.

import Checkpoint
import Foundation
import Numerics
import TestSupport
import Testing

struct BrokenConfigurationTests {
    static let configurationFaults: [(file: String, change: @Sendable (inout [String: Any]) -> Void, message: String)] =
        [
            (
                "config.json", { $0["architectures"] = ["LlavaForConditionalGeneration"] },
                "key 'architectures': found 'LlavaForConditionalGeneration'; expected one of "
                    + "Llama_Nemotron_Nano_VL, LlamaForCausalLM"
            ),
            ("config.json", { $0["architectures"] = nil }, "key 'architectures': found nothing; expected one of"),
            ("config.json", { $0["llm_config"] = nil }, "key 'llm_config': found nothing; expected an object"),
            (
                "config.json", { $0.inside("llm_config") { $0["hidden_size"] = nil } },
                "key 'llm_config.hidden_size': found nothing; expected a whole number from 1 to 16777216"
            ),
            (
                "config.json", { $0.inside("llm_config") { $0["hidden_size"] = "128" } },
                "key 'llm_config.hidden_size': found '128'; expected a whole number"
            ),
            (
                "config.json", { $0.inside("llm_config") { $0["num_hidden_layers"] = -1 } },
                "key 'llm_config.num_hidden_layers': found -1"
            ),
            (
                "config.json", { $0.inside("llm_config") { $0["num_key_value_heads"] = 3 } },
                "key 'llm_config.num_key_value_heads': found 3; expected a divisor of 4 heads"
            ),
            (
                "config.json", { $0.inside("llm_config") { $0["head_dim"] = 33 } },
                "key 'llm_config.head_dim': found 33; expected an even number"
            ),
            (
                "config.json", { $0.inside("llm_config") { $0["hidden_act"] = "gelu" } },
                "key 'llm_config.hidden_act': found 'gelu'; expected 'silu'"
            ),
            (
                "config.json", { $0.inside("llm_config") { $0["attention_bias"] = true } },
                "key 'llm_config.attention_bias': found true; expected false"
            ),
            (
                "config.json", { $0.inside("llm_config") { $0.inside("rope_scaling") { $0["rope_type"] = "yarn" } } },
                "key 'llm_config.rope_scaling.rope_type': found 'yarn'; expected 'llama3' or 'default'"
            ),
            (
                "config.json", { $0.inside("llm_config") { $0.inside("rope_scaling") { $0["factor"] = nil } } },
                "key 'llm_config.rope_scaling.factor': found nothing; expected a number from 1.0"
            ),
            (
                "config.json", { $0["force_image_size"] = 60 },
                "key 'force_image_size': found 60; expected a multiple of 32"
            ),
            (
                "config.json", { $0["force_image_size"] = 96 },
                "preprocessor_config.json: key 'image_size': found 64; expected 96"
            ),
            (
                "config.json", { $0["downsample_ratio"] = 0.3 },
                "key 'downsample_ratio': found 0.3; expected one over a whole number"
            ),
            ("config.json", { $0["ps_version"] = "v3" }, "key 'ps_version': found 'v3'; expected 'v1' or 'v2'"),
            (
                "config.json", { $0["image_tag_type"] = "nvlm" },
                "key 'image_tag_type': found 'nvlm'; expected 'internvl'"
            ),
            ("config.json", { $0["vision_config"] = nil }, "key 'vision_config': found nothing; expected an object"),
            (
                "config.json",
                {
                    $0.inside("vision_config") {
                        $0.inside("args") { $0.inside("model_kwargs") { $0["num_heads"] = 5 } }
                    }
                },
                "key 'vision_config.args.model_kwargs.num_heads': found 5; expected a divisor of the encoder's width 64"
            ),
            (
                "config.json", { $0.inside("quantization_config") { $0["quant_algo"] = "INT4_AWQ" } },
                "key 'quantization_config.quant_algo': found 'INT4_AWQ'; expected one of NVFP4, W4A16_NVFP4, "
                    + "FP8, MIXED_PRECISION"
            ),
            (
                "config.json", { $0.inside("quantization_config") { $0["quant_method"] = "gptq" } },
                "key 'quantization_config.quant_method': found 'gptq'; expected 'modelopt' or 'compressed-tensors'"
            ),
            (
                "config.json", { $0.inside("quantization_config") { $0["group_size"] = 32 } },
                "key 'quantization_config.group_size': found 32; expected 16"
            ),
            (
                "config.json",
                {
                    $0.inside("quantization_config") {
                        $0["config_groups"] = ["group_0": ["weights": ["group_size": 32]]]
                    }
                },
                "key 'quantization_config.config_groups.group_0.weights.group_size': found 32; expected 16"
            ),
            (
                "hf_quant_config.json", { $0.inside("quantization") { $0["group_size"] = 32 } },
                "hf_quant_config.json: key 'quantization.group_size': found 32; expected 16"
            ),
            (
                "hf_quant_config.json", { $0.inside("quantization") { $0["quant_algo"] = nil } },
                "hf_quant_config.json: key 'quantization.quant_algo': found nothing; expected one of"
            ),
            (
                "generation_config.json", { $0["eos_token_id"] = "end" },
                "generation_config.json: key 'eos_token_id': found 'end'; expected a whole number"
            ),
            (
                "generation_config.json", { $0["temperature"] = -1 },
                "generation_config.json: key 'temperature': found -1; expected a number from 0.0"
            ),
            (
                "preprocessor_config.json", { $0["max_num_tiles"] = 0 },
                "preprocessor_config.json: key 'max_num_tiles': found 0"
            ),
        ]

    @Test(arguments: configurationFaults.indices)
    func refusesConfiguration(index: Int) throws {
        let (file, change, message) = Self.configurationFaults[index]
        let broken = try BrokenCheckpoint()
        try broken.editJSON(file, change)
        #expect(broken.complaint().contains(message), "\(broken.complaint())")
    }

    @Test func refusesTextThatIsNotJSON() throws {
        for (text, message) in [
            ("", "config.json: found 0 bytes; expected a file with content"),
            ("[]", "config.json: found an array of 0; expected a JSON object"),
            ("{\"a\":1,\"a\":2}", "config.json: found key 'a' twice at byte 11; expected every key once"),
            ("{\"a\":01}", "config.json: found '1' at byte 6; expected ',' or '}'"),
            ("{\"a\":NaN}", "config.json: found 'N' at byte 5; expected a JSON value"),
            ("\u{FEFF}{}", "config.json: found byte 0xef at byte 0; expected a JSON value"),
            (
                String(repeating: "[", count: 100_000),
                "config.json: found nesting deeper than 64 at byte 65; expected at most 64"
            ),
            ("{\"a\":\"\\uD800\"}", "config.json: found a lone surrogate at byte 7; expected a Unicode scalar"),
            ("{\"a\":tru}", "config.json: found 't' at byte 5; expected 'true'"),
        ] {
            let broken = try BrokenCheckpoint()
            try Data(text.utf8).write(to: broken.url("config.json"))
            #expect(broken.complaint() == message)
        }
        let broken = try BrokenCheckpoint()
        try Data("{\"model\":{\"vocab\":{\"a\":-1}}}".utf8).write(to: broken.url("tokenizer.json"))
        #expect(broken.complaint() == "tokenizer.json: found '-' at byte 23; expected a whole number >= 0")
        try Data("{}".utf8).write(to: broken.url("tokenizer.json"))
        #expect(broken.complaint() == "tokenizer.json: found no tokens; expected ids under model.vocab")
    }
}

extension [String: Any] {
    /// Edits the object under `key`.
    mutating func inside(_ key: String, _ change: (inout [String: Any]) -> Void) {
        var object = self[key] as? [String: Any] ?? [:]
        change(&object)
        self[key] = object
    }
}
